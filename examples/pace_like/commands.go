package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"
)

var policies = map[string]string{"orders": "mask e-mail addresses", "customers": "round dates of birth to years"}

// A refusal is an error with an exit code of its own.
type refusal string

func (r refusal) Error() string { return "refused: " + string(r) }
func (refusal) ExitCode() int   { return 3 }

func commands() *cobra.Command {
	root := &cobra.Command{Use: "pace", Short: "Data policies, as code", Version: version, SilenceUsage: true}
	get := &cobra.Command{Use: "get", Short: "Get a single thing"}
	get.AddCommand(getDataPolicy())
	list := &cobra.Command{Use: "list", Short: "List things"}
	list.AddCommand(listTables())
	root.AddCommand(get, list, apply(), printVersion())
	return root
}

func getDataPolicy() *cobra.Command {
	return &cobra.Command{
		Use: "data-policy TABLE", Aliases: []string{"dp"}, Short: "Print the policy of a table", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			policy, found := policies[args[0]]
			if !found {
				return errors.New("no such table: " + args[0])
			}
			_, err := fmt.Fprintln(command.OutOrStdout(), policy)
			return err
		},
	}
}

func listTables() *cobra.Command {
	return &cobra.Command{
		Use: "tables", Short: "List the tables that have a policy", Args: cobra.NoArgs,
		Run: func(command *cobra.Command, _ []string) {
			for _, table := range slices.Sorted(maps.Keys(policies)) {
				fmt.Fprintln(command.OutOrStdout(), table)
			}
		},
	}
}

// apply has a persistent pre-run of its own, which hides that of the commands above.
func apply() *cobra.Command {
	group := &cobra.Command{
		Use: "apply", Short: "Change things",
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if os.Getenv("PACE_READ_ONLY") != "" {
				return refusal("PACE_READ_ONLY is set")
			}
			return nil
		},
	}
	policy := &cobra.Command{
		Use: "data-policy", Short: "Put a policy in place", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			file, _ := command.Flags().GetString("file")
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if len(text) == 0 {
				return refusal("the policy is empty")
			}
			_, err = fmt.Fprintln(command.OutOrStdout(), "applied")
			return err
		},
	}
	policy.Flags().String("file", "", "the policy's file")
	_ = policy.MarkFlagRequired("file")
	group.AddCommand(policy)
	return group
}

func printVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(command *cobra.Command, _ []string) { fmt.Fprintln(command.OutOrStdout(), version) },
	}
}
