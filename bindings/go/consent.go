package overt

// Consent says whether events are recorded, and which rule decided.
type Consent struct {
	Enabled bool
	Reason  ConsentReason
}

// A ConsentReason is the rule that decided about consent; its word is the same in every language of overt.
type ConsentReason string

const (
	// ReasonToolVariable: one of Config.ConsentEnv.
	ReasonToolVariable ConsentReason = "tool_variable"
	// ReasonTelemetryEnabled: the variable TELEMETRY_ENABLED.
	ReasonTelemetryEnabled ConsentReason = "telemetry_enabled"
	// ReasonDoNotTrack: the variable DO_NOT_TRACK.
	ReasonDoNotTrack ConsentReason = "do_not_track"
	// ReasonHost: the program, by Config.Consent, Config.ConsentFunc or a call of SetConsent.
	ReasonHost ConsentReason = "host"
	// ReasonStored: the choice that an earlier SetConsent, `overt on` or `overt off` stored.
	ReasonStored ConsentReason = "stored"
	// ReasonUnreadable: there is a stored choice, but it cannot be read: off.
	ReasonUnreadable ConsentReason = "unreadable"
	// ReasonCI: the process runs in CI, and nobody said on: off.
	ReasonCI ConsentReason = "ci"
	// ReasonDefault: Config.DefaultConsent.
	ReasonDefault ConsentReason = "default"
	// ReasonNoAPIKey: there is no API key: off.
	ReasonNoAPIKey ConsentReason = "no_api_key"
	// ReasonPrivileged: the program runs with another user's rights (setuid, setgid): off.
	ReasonPrivileged ConsentReason = "privileged"
	// ReasonNoNotice: Config.Notice was not shown yet, and nobody said on: off.
	ReasonNoNotice ConsentReason = "no_notice"
	// ReasonNoEndpoint: there is no endpoint, and the wire knows none by itself: off.
	ReasonNoEndpoint ConsentReason = "no_endpoint"
	// ReasonNoClient: the *Client is nil: off.
	ReasonNoClient ConsentReason = "no_client"
)
