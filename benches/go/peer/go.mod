module github.com/overt-telemetry/overt/benches/go/peer

go 1.25

require (
	github.com/overt-telemetry/overt/bindings/go v0.0.0
	github.com/posthog/posthog-go v1.5.2
)

replace github.com/overt-telemetry/overt/bindings/go => ../../../bindings/go
