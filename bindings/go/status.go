package overt

import "context"

// A Status says what became of a call: [OK]; positive if nothing was recorded and nothing is wrong; negative for an
// error. The values are those of overt.h. None is a reason for the host to stop.
//
// As an error it is compared with [errors.Is]: errors.Is(err, overt.Timeout).
type Status int32

const (
	// OK: done; of an event, recorded.
	OK Status = 0
	// Disabled: consent is off, or there is no client.
	Disabled Status = 1
	// Dropped: a limit was reached, or BeforeSend dropped the event.
	Dropped Status = 2

	// InvalidArgument: overt was called by this package in a way that it does not know.
	InvalidArgument Status = -1
	// InvalidUTF8: an event's name, or another text beside the properties, is not UTF-8.
	InvalidUTF8 Status = -2
	// InvalidConfig: an option's value cannot be used.
	InvalidConfig Status = -3
	// InvalidName: an event's name is empty or longer than 200 bytes.
	InvalidName Status = -4
	// InvalidDistinctID: a distinct ID is longer than 200 bytes, or one that identifies nobody ("null", "0", …).
	InvalidDistinctID Status = -5
	// InvalidUUID: a text is no UUID, or it is the nil UUID.
	InvalidUUID Status = -6
	// InvalidTimestamp: a time lies outside the years 1 to 9999.
	InvalidTimestamp Status = -7
	// InvalidProperties: a json.Marshaler, or BeforeSend, wrote what no server takes.
	InvalidProperties Status = -8
	// EventTooLarge: the event is larger than Config.MaxEventBytes.
	EventTooLarge Status = -9

	// Storage: a file of the state directory cannot be read or written.
	Storage Status = -20
	// Timeout: the time for the call ended first. It is also [context.DeadlineExceeded].
	Timeout Status = -21
	// Undelivered: not everything could be delivered; what can be kept is kept.
	Undelivered Status = -22

	// Internal: a fault inside overt, which was caught.
	Internal Status = -90
)

// Error gives a short phrase for people.
func (s Status) Error() string { return "overt: " + statusText(s) }

// Is makes [Timeout] the deadline's end that Go programs ask for.
func (s Status) Is(target error) bool {
	return s == Timeout && target == context.DeadlineExceeded
}

// err gives an error for a negative status, else nil.
func (s Status) err() error {
	if s >= OK {
		return nil
	}
	return s
}
