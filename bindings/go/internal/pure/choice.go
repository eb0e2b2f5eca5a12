package pure

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/identity"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// A client's decision about consent, and what follows from off.

func (c *Client) hostSays() (answer *bool) {
	if said := c.said.Load(); said != nil {
		return said
	}
	if c.config.ConsentFunc == nil {
		return c.config.Consent
	}
	answer = new(bool) // a panic has not consented
	defer func() { _ = recover() }()
	*answer = c.config.ConsentFunc()
	return answer
}

// decide decides anew, and keeps the answer.
func (c *Client) decide() Consent { return c.decideAs(c.hostSays()) }

// decideAs does the same with what the host says.
func (c *Client) decideAs(host *bool) Consent {
	consent := c.decideBy(c.rules, host)
	c.decided.Store(&consent)
	return consent
}

func (c *Client) decideBy(r rules, host *bool) Consent {
	stored := ""
	if c.root != "" && !r.sayOff() {
		stored = readChoice(c.consentPath())
	}
	return r.decide(host, stored, func() bool {
		return c.config.SendBeforeNotice || c.notice() == "" || c.root != "" && wasShown(c.marker())
	})
}

func (c *Client) notice() string { return strings.TrimSpace(c.config.Notice) }

func (c *Client) marker() string { return filepath.Join(c.root, "notice") }

// decideWithNotice shows the notice if there is one and only the default would switch telemetry on.
func (c *Client) decideWithNotice() Consent {
	consent := c.decide()
	byDefault := consent.Reason == "no_notice" || consent == Consent{true, "default"}
	if !byDefault || !c.rules.hasKey || c.notice() == "" || c.checkState() != nil ||
		c.variables.first(ciSystems) != "" && !c.config.NoticeAnywhere {
		return consent
	}
	c.noticeShown = showNotice(c.notice(), c.marker(), c.config.NoticeAnywhere, wall())
	return c.decide()
}

// NoticeShown says whether this client has shown the notice.
func (c *Client) NoticeShown() bool { return c.noticeShown }

// Consent says whether events are recorded, and why.
func (c *Client) Consent() Consent {
	decided := *c.decided.Load()
	// What could not be read may be readable again: there may just have been too many open files.
	if c.config.ConsentFunc != nil || decided.Reason == "unreadable" && c.look.IsDue(wall()) {
		return c.decide()
	}
	return decided
}

func (c *Client) mayRecord(force bool) bool {
	return (c.Consent().Enabled || force && c.mayBeForced()) && c.config.APIKey != ""
}

func (c *Client) mayBeForced() bool {
	said := c.said.Load() // a person's word, though it counts as the host's
	return (said == nil || *said) && c.decideBy(c.rules.forced(), nil).Enabled
}

func (c *Client) maySend() bool { return c.mayRecord(c.forced.Load()) }

// lookAtFiles notices what other processes did: a choice that was stored, a spool that was erased.
func (c *Client) lookAtFiles() {
	c.decide()
	if s := c.session.Load(); s != nil && (s.spool.IsErased() || c.hasAnotherID(s.clientID)) {
		c.forgetSession()
	}
}

// hasAnotherID says whether this is no more the ID that is stored: it was erased, perhaps made anew.
func (c *Client) hasAnotherID(id string) bool {
	path, stored := c.idPath(), ""
	if c.counters == nil {
		stored = identity.Load(path, c.config.ClientIDPath == "")
	} else {
		path = c.config.CountersPath
		found, _ := c.counters.Document()
		stored = found.ID()
	}
	if stored == "" {
		return !system.Exists(path) // one that cannot be read now is no other
	}
	return stored != id
}

// SetConsent stores the user's choice, for this process and all later ones. Off also erases the client ID and all that
// waits. Storage: the choice holds in this process, but could not be stored, or not all be erased.
func (c *Client) SetConsent(enabled bool) Status {
	c.said.Store(&enabled)
	c.decide()
	if c.checkState() != nil {
		return Storage
	}
	word := "off"
	if enabled {
		word = "on"
	}
	stored := system.MakeDir(c.root)
	if stored == nil {
		stored = system.Replace(c.consentPath(), []byte(word+" "+stamp(wall())+"\n"))
	}
	if !enabled {
		stored = errors.Join(stored, c.erase())
	}
	c.decide()
	if stored != nil {
		return Storage
	}
	return OK
}

// erase removes the client ID and all that waits, of all processes and destinations.
func (c *Client) erase() error {
	c.forgetSession()
	if err := c.checkState(); err != nil {
		return err
	}
	defer c.forgetSession() // that of somebody who has found the old ID meanwhile
	var counts error
	if c.counters != nil {
		counts = c.counters.Erase()
	}
	// The ID may have been the state directory's before the tool had counters.
	return errors.Join(counts, system.Remove(c.idPath()), system.RemoveAll(c.spools()))
}
