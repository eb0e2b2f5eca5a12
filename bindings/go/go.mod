module github.com/overt-telemetry/overt/bindings/go

go 1.25
