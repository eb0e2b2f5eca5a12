module github.com/overt-telemetry/overt/bindings/go/overtcobra

go 1.25

require (
	github.com/overt-telemetry/overt/bindings/go v0.0.0
	github.com/spf13/cobra v1.8.1
)

require (
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/spf13/pflag v1.0.5 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
)

replace github.com/overt-telemetry/overt/bindings/go => ../
