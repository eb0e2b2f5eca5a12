package pure

// A Status is a value of overt_status in overt.h, with which a test compares them.
type Status int32

const (
	OK                Status = 0
	Disabled          Status = 1
	Dropped           Status = 2
	InvalidArgument   Status = -1
	InvalidUTF8       Status = -2
	InvalidConfig     Status = -3
	InvalidName       Status = -4
	InvalidDistinctID Status = -5
	InvalidUUID       Status = -6
	InvalidTimestamp  Status = -7
	InvalidProperties Status = -8
	EventTooLarge     Status = -9
	Storage           Status = -20
	Timeout           Status = -21
	Undelivered       Status = -22
	Internal          Status = -90
)

var phrases = map[Status]string{
	OK:                "ok",
	Disabled:          "telemetry is off",
	Dropped:           "the event was dropped",
	InvalidArgument:   "an argument must not be NULL",
	InvalidUTF8:       "a text is not UTF-8",
	InvalidConfig:     "an option's value cannot be used",
	InvalidName:       "an event's name has 1 to 200 bytes",
	InvalidDistinctID: "this distinct ID identifies nobody",
	InvalidUUID:       "not a UUID",
	InvalidTimestamp:  "not an RFC 3339 time with an offset",
	InvalidProperties: "the properties cannot be used",
	EventTooLarge:     "the event is too large",
	Storage:           "the state directory cannot be used",
	Timeout:           "the time ended first",
	Undelivered:       "not everything could be delivered",
	Internal:          "a fault inside overt",
}

// Error gives a short phrase for people.
func (s Status) Error() string {
	if phrase, known := phrases[s]; known {
		return phrase
	}
	return "unknown status"
}
