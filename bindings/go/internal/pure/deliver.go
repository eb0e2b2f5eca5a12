package pure

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/jsontext"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

const (
	firstPause   = 200 * time.Millisecond
	longestPause = 30 * time.Second
	// neverTooLarge: no server refuses a body of this size for its size, so who hangs up on it has another reason.
	neverTooLarge = 64 << 10
	// hangUps on a large body, in a row: the server may have said that it is too large, before we listened.
	hangUps = 2
	// requestEnvelope is for the key, the times and the braces around a batch's lines.
	requestEnvelope = 512
	maxHeadBytes    = 64 << 10
	maxAnswerBytes  = 64 << 10
)

// A verdict is what follows an attempt.
type verdict int

const (
	acknowledge verdict = iota
	again
	park
	halve
	giveUp
	stop
)

// judge decides by the answer's status, 0 if none came, what follows attempt number attempt. The server's wish is a
// minimum for the pause, which doubles from firstPause on; jitter, from 0 to 1, makes it up to a quarter longer.
func judge(status, hungUp, attempt, maxRetries, events int, wish time.Duration, jitter float64) (verdict, time.Duration) {
	switch {
	case 200 <= status && status <= 299:
		return acknowledge, 0
	case events > 1 && (status == http.StatusRequestEntityTooLarge || hungUp >= hangUps):
		return halve, 0
	case status < 200, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, 500 <= status && status <= 599:
	default:
		return giveUp, 0
	}
	if attempt > maxRetries {
		return park, 0
	}
	pause := min(firstPause<<min(attempt-1, 20), longestPause)
	pause += time.Duration(float64(pause) * jitter / 4)
	return again, max(min(pause, longestPause), min(wish, longestPause))
}

// deliver sends what waits.
func (c *Client) deliver(from *spool.Claim) spool.Outcome {
	for {
		next := from.Next(c.config.MaxBatchBytes - requestEnvelope)
		if len(next) == 0 {
			return spool.Done
		}
		// Halves of a batch that was too large go out before anything else, the first half first.
		for parts := []spool.Batch{next}; len(parts) > 0; {
			part := parts[len(parts)-1]
			parts = parts[:len(parts)-1]
			switch c.send(part, from) {
			case halve:
				parts = append(parts, part[len(part)/2:], part[:len(part)/2])
			case park:
				return spool.Parked
			case stop:
				return spool.Stopped
			}
		}
	}
}

// send sends a batch, again as often as it may, and settles it if the server has judged it.
func (c *Client) send(sent spool.Batch, from *spool.Claim) verdict {
	hung := 0
	for attempt := 1; ; attempt++ {
		c.decide()
		if !c.maySend() || from.IsOver() || c.worker.isClosing() {
			return stop
		}
		c.counts.Book("requests", 1)
		status, wish, err := c.post(sent)
		if err != nil {
			c.say("%d events: %v", len(sent), err)
		} else {
			c.say("%d events: status %d", len(sent), status)
		}
		if err != nil && system.HungUp(err) && sent.Bytes() > neverTooLarge {
			hung++
		} else {
			hung = 0
		}
		next, pause := judge(status, hung, attempt, c.config.MaxRetries, len(sent), wish, rand.Float64())
		if next != acknowledge {
			c.counts.Book("failures", 1)
		}
		switch next {
		case again:
			if !c.worker.pause(pause) {
				return stop
			}
			continue
		case acknowledge:
			from.Settle(sent, "delivered")
		case giveUp:
			from.Settle(sent, "refused")
		}
		return next
	}
}

// body makes that of a request. sent_at is the moment of this attempt: the server corrects a spooled event's clock by it.
func (c *Client) body(sent spool.Batch, now time.Time) []byte {
	body := append(jsontext.AppendString([]byte(`{"api_key":`), c.to.APIKey), `,"batch":[`...)
	for i, one := range sent {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, one.Text()...)
	}
	body = append(append(append(body, `],"sent_at":"`...), stamp(now)...), '"')
	if c.to.HistoricalMigration {
		body = append(body, `,"historical_migration":true`...)
	}
	return append(body, '}')
}

// post sends a batch; an error means that no answer came. Nobody reads the answer's body: the status is for all events.
func (c *Client) post(sent spool.Batch) (status int, wish time.Duration, err error) {
	now := wall()
	body, target, encoding := c.body(sent, now), c.to.Endpoint+"/batch/", ""
	if c.to.Compression == "gzip" {
		var packed bytes.Buffer
		packer, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed) // a level that there is
		_, err := packer.Write(body)
		if err = errors.Join(err, packer.Close()); err != nil {
			return 0, 0, err
		}
		body, target, encoding = packed.Bytes(), target+"?compression=gzip", "gzip"
	}
	answer, _, err := c.exchange(target, body, encoding, 0)
	if err != nil {
		return 0, 0, err
	}
	return answer.StatusCode, retryAfter(answer.Header, now), nil
}

// exchange makes one request and reads so many bytes of the answer at most. Nothing follows a redirect.
func (c *Client) exchange(target string, body []byte, encoding string, limit int64) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.config.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "User-Agent": {"overt/" + Version}}
	if encoding != "" {
		request.Header["Content-Encoding"] = []string{encoding}
	}
	for _, header := range c.to.ExtraHeaders {
		request.Header[header[0]] = []string{header[1]}
	}
	answer, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, limit))
	return answer, said, err
}

// retryAfter gives how long the server asks us to wait: in seconds, or until a date, which counts from the answer's own,
// so that a machine whose clock is wrong waits as long as was meant. What is past or unreadable counts as none.
func retryAfter(headers http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(headers.Get("Retry-After"))
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return longestPause // more digits than a number holds
		}
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(headers.Get("Date")); err == nil {
		now = date
	}
	return max(until.Sub(now), 0)
}

// newTransport carries requests, each over a connection of its own.
func newTransport(connectTimeout, timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout}
	return &http.Transport{
		Proxy: func(request *http.Request) (*url.URL, error) {
			if request.URL.Scheme == "http" {
				return nil, nil // a proxy would read it
			}
			return http.ProxyFromEnvironment(request)
		},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil || !isWord(host, "localhost") {
				return dialer.DialContext(ctx, network, address)
			}
			// By definition, and not by what a name server says: plain HTTP is allowed there.
			connection, err := dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
			if err != nil {
				connection, err = dialer.DialContext(ctx, network, net.JoinHostPort("::1", port))
			}
			return connection, err
		},
		// net/http goes on with a handshake when the request has ended that it was for.
		TLSHandshakeTimeout:    timeout,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeadBytes,
	}
}
