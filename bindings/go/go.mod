module github.com/overt-telemetry/overt/bindings/go

go 1.25

require go.yaml.in/yaml/v3 v3.0.6
