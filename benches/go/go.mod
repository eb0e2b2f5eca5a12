module github.com/overt-telemetry/overt/benches/go

go 1.25

require github.com/overt-telemetry/overt/bindings/go v0.0.0

require gopkg.in/yaml.v3 v3.0.1

require go.yaml.in/yaml/v3 v3.0.6 // indirect

replace github.com/overt-telemetry/overt/bindings/go => ../../bindings/go
