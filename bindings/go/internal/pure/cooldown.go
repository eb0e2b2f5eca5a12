package pure

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/overt-telemetry/overt/bindings/go/internal/pure/spool"
	"github.com/overt-telemetry/overt/bindings/go/internal/pure/system"
)

// maxHalvings: a thousandth of the budget is as good as none.
const maxHalvings = 10

// kept is the part of a budget that is kept for what an exit does beside waiting.
const kept = 16

// A cooldown is what earlier exits that waited in vain have left behind: how many there were in a row, and when the last
// of them was, in the file cooldown beside the spool. Each halves the next one's budget, for spool.ParkTime after the last.
type cooldown struct {
	file   string
	inVain int
}

func readCooldown(dir string, now time.Time) cooldown {
	c := cooldown{file: filepath.Join(dir, "cooldown")}
	text, err := system.Read(c.file)
	if err != nil {
		return c
	}
	var inVain, at int64
	if _, err := fmt.Fscan(strings.NewReader(string(text)), &inVain, &at); err != nil || inVain < 0 {
		return c
	}
	// A clock that was set back must not make it last for years.
	if now.Sub(time.UnixMilli(at)).Abs() < spool.ParkTime {
		c.inVain = int(min(inVain, maxHalvings))
	}
	return c
}

// wait is how long an exit may wait, all of which is to take no longer than budget.
func (c cooldown) wait(budget time.Duration) time.Duration { return (budget - budget/kept) >> c.inVain }

// note writes down how the exit ended. That it cannot be is no reason to do anything else.
func (c cooldown) note(inVain bool, now time.Time) {
	if inVain {
		system.Replace(c.file, fmt.Appendf(nil, "%d %d\n", c.inVain+1, now.UnixMilli()))
	} else if c.inVain > 0 {
		system.Remove(c.file)
	}
}
