package overtcobra

import (
	"fmt"
	"io"

	overt "github.com/overt-telemetry/overt/bindings/go"
	"github.com/spf13/cobra"
)

// Command makes a command "telemetry" with the subcommands status, on, off and show, to be added to a program's root. Its
// arguments are a client, which may be nil, and the config that it was made of. Everything goes to the command's standard
// output; with --json it is one object on one line:
//
//	status   app, consent {enabled, reason}, client_id (or null), paths {state_dir, counters} (null: see overt.Config),
//	         destinations {events, counters} (null: the default, or none), pending, sent (how many)
//	on, off  app, choice ("on" or "off"), consent, erased (events that waited)
//	show     pending, sent (the events as they are sent), counters (the document that is uploaded, or null)
//
// status and show only look: they make no file and send nothing. None of them is counted, and the program's persistent
// pre-run is not called, so a program that cannot log in can be switched off.
func Command(client *overt.Client, config overt.Config) *cobra.Command {
	group := &cobra.Command{
		Use:   "telemetry",
		Short: "See the usage telemetry of this program, or switch it on and off",
		Long: "What this program tells its makers about its use. You can see all of it, and you decide whether it does.\n" +
			"TELEMETRY_ENABLED=false or DO_NOT_TRACK=1 in the environment switch it off, too.",
		// Runnable, so that "telemetry of" is an error and does not look like off.
		Args:             cobra.NoArgs,
		RunE:             func(command *cobra.Command, _ []string) error { return command.Help() },
		Annotations:      map[string]string{Uncounted: ""},
		PersistentPreRun: func(*cobra.Command, []string) {},
	}
	// A program's PersistentPostRun may rely on its pre-run.
	group.PersistentPostRun = group.PersistentPreRun
	asJSON := group.PersistentFlags().Bool("json", false, "print one JSON object")
	for _, verb := range []struct {
		name, short string
		run         func(v *view) (any, string, error)
	}{
		{"status", "Say whether anything is recorded, and why; what waits, what was sent, and where it lies", status},
		{"on", "Switch telemetry on", switchOn},
		{"off", "Switch telemetry off, and erase the client ID, the counts and all events", switchOff},
		{"show", "Print everything that waits, and what was sent last, word for word", show},
	} {
		group.AddCommand(&cobra.Command{
			Use:          verb.name,
			Short:        verb.short,
			Args:         cobra.NoArgs,
			SilenceUsage: true,
			RunE: func(command *cobra.Command, _ []string) error {
				value, text, err := verb.run(&view{client, &config, command.Root().Name(), command.Parent().CommandPath()})
				if err != nil {
					return err
				}
				if *asJSON {
					text = jsonLine(value)
				}
				_, err = io.WriteString(command.OutOrStdout(), printable(text))
				return err
			},
		})
	}
	return group
}

// A view is what a verb looks at.
type view struct {
	client *overt.Client
	config *overt.Config
	// program is what a person calls it; group is the path of the command above the verbs.
	program, group string
}

type choiceJSON struct {
	App     string      `json:"app"`
	Choice  string      `json:"choice"`
	Consent consentJSON `json:"consent"`
	Erased  int         `json:"erased"`
}

func switchOn(v *view) (any, string, error) {
	consent, err := v.choose(true)
	if err != nil {
		return nil, "", err
	}
	text := fmt.Sprintf("%s: on. See what it records with: %s show\n", v.program, v.group)
	if !consent.Enabled {
		text += fmt.Sprintf("But in this shell telemetry stays %s.\n", v.decision(consent))
	}
	return choiceJSON{v.config.App, "on", consentJSON(consent), 0}, text, nil
}

func switchOff(v *view) (any, string, error) {
	erased, waited := v.erasable(), len(v.client.Pending())
	consent, err := v.choose(false)
	if err != nil {
		return nil, "", err
	}
	text := fmt.Sprintf("%s: off. %s\n", v.program, erased)
	if consent.Enabled {
		text += fmt.Sprintf("But in this shell telemetry stays %s.\n", v.decision(consent))
	}
	return choiceJSON{v.config.App, "off", consentJSON(consent), waited}, text, nil
}

// choose stores a choice, and says what holds for the program's next run. It fails rather than let a person believe in a
// choice that nobody stored.
func (v *view) choose(on bool) (overt.Consent, error) {
	consent, err := v.client.SetConsent(on)
	if err != nil {
		return consent, fmt.Errorf("the choice cannot be stored, or not everything be erased: %w", err)
	}
	if consent.Reason == overt.ReasonNoClient {
		return consent, fmt.Errorf("nothing is recorded, and the choice was not stored: %s", v.reason(consent))
	}
	// For this client the choice stands above the variables; a new one asks them.
	config := *v.config
	config.Background, config.DetachedUpload = overt.Bool(false), false
	next, err := overt.New(config)
	if err != nil {
		return consent, err
	}
	defer next.Close()
	return next.Consent(), nil
}

// erasable tells what switching off erases.
func (v *view) erasable() string {
	counters, pending, sent := v.client.Counters(), v.client.Pending(), v.client.Sent()
	var things []string
	if recordedID(counters, pending, sent) != "" {
		things = append(things, "the client ID")
	}
	if counters != "" {
		things = append(things, "the counts of "+count(total(counters), "run"))
	}
	if len(pending) > 0 {
		things = append(things, count(len(pending), "event")+" that waited")
	}
	if len(sent) > 0 {
		things = append(things, "the copies of "+count(len(sent), "sent event"))
	}
	if len(things) == 0 {
		return "There was nothing to erase."
	}
	text := "Erased: " + listed(things) + "."
	if v.config.APIKey != "" || v.config.CountersEndpoint != "" {
		text += " What was sent before is with the server, out of reach from here."
	}
	return text
}
