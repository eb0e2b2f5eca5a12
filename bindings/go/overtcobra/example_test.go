package overtcobra_test

import (
	"fmt"
	"os"
	"path/filepath"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/overt-telemetry/overt/bindings/go/overtcobra"
	"github.com/spf13/cobra"
)

func Example() {
	dir, _ := os.MkdirTemp("", "overtcobra-example")
	defer os.RemoveAll(dir)
	config := overt.Config{
		App: "pace", AppVersion: "v1.16.0", CountersPath: filepath.Join(dir, "telemetry.yaml"), StateDir: filepath.Join(dir, "state"),
		InCI: true, // examples run in CI
	}
	client, err := overt.New(config)
	if err != nil {
		fmt.Println("no telemetry:", err)
	}
	root := &cobra.Command{Use: "pace"}
	list := &cobra.Command{Use: "list", Aliases: []string{"ls"}}
	list.AddCommand(&cobra.Command{Use: "tables", Run: func(*cobra.Command, []string) { fmt.Println("orders") }})
	root.AddCommand(list, overtcobra.Command(client, config))

	root.SetArgs([]string{"ls", "tables"}) // what a user typed
	finish := overtcobra.Instrument(root, client)
	fmt.Println("exit code", finish(root.Execute()))
	fmt.Println(counts(client))
	// Output:
	// orders
	// exit code 0
	// pace list tables 0×1
}
