package pure

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
)

// variables are the environment, copied once when a client opens. Where the system makes no difference between cases in
// names, these are in upper case.
type variables map[string]string

func nameOf(variable string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(variable)
	}
	return variable
}

func (v variables) get(name string) (value string, set bool) {
	value, set = v[nameOf(name)]
	return value, set
}

func ofProcess() variables {
	found := variables{}
	for _, variable := range os.Environ() {
		// On Windows there are names that begin with the sign.
		if at := strings.Index(variable[min(1, len(variable)):], "="); at >= 0 {
			name := nameOf(strings.ToValidUTF8(variable[:at+1], "\uFFFD"))
			if _, twice := found[name]; !twice {
				found[name] = strings.ToValidUTF8(variable[at+2:], "\uFFFD")
			}
		}
	}
	return found
}

// A sign gives a CI system or an agent away. Its kinds and the tables are those of core/src/environment.rs, which a test
// compares.
type sign struct {
	name  string
	kind  string
	words []string
}

func (v variables) show(s sign) bool {
	value, set := v.get(s.words[0])
	switch s.kind {
	case "Any":
		for _, name := range s.words {
			if _, set := v.get(name); set {
				return true
			}
		}
	case "All":
		for _, name := range s.words {
			if _, set := v.get(name); !set {
				return false
			}
		}
		return true
	case "NameStarts":
		for name := range v {
			if strings.HasPrefix(name, s.words[0]) {
				return true
			}
		}
	case "Is":
		return set && isWord(value, s.words[1])
	case "Starts":
		return strings.HasPrefix(value, s.words[1])
	case "Contains":
		return strings.Contains(strings.ToLower(value), s.words[1])
	case "NotFalse":
		return set && !isWord(value, "", "0", "false")
	}
	return false
}

// isWord says whether a text is one of these words, in any case of ASCII.
func isWord(text string, words ...string) bool {
	for _, word := range words {
		// Of the same length in bytes: no letter beyond ASCII folds to one of ours.
		if len(text) == len(word) && strings.EqualFold(text, word) {
			return true
		}
	}
	return false
}

func (v variables) first(table []sign) string {
	for _, sign := range table {
		if v.show(sign) {
			return sign.name
		}
	}
	return ""
}

// ciSystems: the first match wins, so the general CI stands last.
var ciSystems = []sign{
	{"Jenkins", "Any", []string{"JENKINS_URL"}},
	{"Jenkins", "Starts", []string{"BUILD_TAG", "jenkins-"}},
	{"GitLab", "Any", []string{"GITLAB_CI"}},
	{"GitHubAction", "Any", []string{"GITHUB_ACTION", "GITHUB_ACTIONS"}},
	{"TravisCI", "Any", []string{"TRAVIS"}},
	{"CircleCI", "Any", []string{"CIRCLECI"}},
	{"AWSCodeBuild", "Any", []string{"CODEBUILD_BUILD_ID"}},
	{"TeamCity", "Any", []string{"TEAMCITY_VERSION"}},
	{"Bamboo", "Any", []string{"bamboo_buildNumber"}},
	{"Buddy", "Any", []string{"BUDDY"}},
	{"CodeShip", "Is", []string{"CI_NAME", "codeship"}},
	{"Semaphore", "Any", []string{"SEMAPHORE"}},
	{"Appveyor", "Any", []string{"APPVEYOR"}},
	{"AzurePipelines", "Any", []string{"TF_BUILD"}},
	{"Space", "Any", []string{"JB_SPACE_API_URL"}},
	{"GoogleCloudBuild", "All", []string{"BUILD_ID", "PROJECT_ID"}},
	{"Other", "NotFalse", []string{"CI"}},
}

// agents are coding agents; the first match wins.
var agents = []sign{
	{"claude-code", "Any", []string{"CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT"}},
	{"codex", "NameStarts", []string{"CODEX_"}},
	{"cursor", "Any", []string{"CURSOR_AGENT", "CURSOR_EDITOR", "CURSOR_AI"}},
	{"gemini-cli", "Any", []string{"GEMINI_CLI"}},
	{"antigravity", "Any", []string{"ANTIGRAVITY_AGENT"}},
	{"kiro", "Is", []string{"TERM_PROGRAM", "kiro"}},
	{"kiro", "Contains", []string{"AWS_EXECUTION_ENV", "amazonq"}},
	{"kiro", "Contains", []string{"AWS_EXECUTION_ENV", "kiro"}},
	{"opencode", "Any", []string{"OPENCODE", "OPENCODE_AI"}},
	{"github-copilot", "Any", []string{"COPILOT_AGENT_SESSION_ID", "COPILOT_CLI"}},
	{"aider", "Is", []string{"OR_APP_NAME", "Aider"}},
	{"amp", "Any", []string{"AMP_HOME"}},
	{"goose", "Any", []string{"GOOSE_TERMINAL"}},
	{"cline", "Any", []string{"CLINE_TASK_ID"}},
	{"windsurf", "Any", []string{"WINDSURF_SESSION"}},
}

// systems and architectures have Go's name and that which events carry; others are called as Go calls them.
var (
	systems       = map[string]string{"linux": "Linux", "darwin": "Mac OS X", "windows": "Windows", "freebsd": "FreeBSD"}
	architectures = map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "x86"}
)

func named(names map[string]string, name string) string {
	if known := names[name]; known != "" {
		return known
	}
	return name
}

// properties say on what kind of machine events arise: never the value of a variable, a name of a host, a user or a path.
func (v variables) properties() [][2]string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease") // Linux; elsewhere the version is not known
	all := [][2]string{
		{"$os", named(systems, runtime.GOOS)}, {"$os_version", strings.TrimSpace(string(release))},
		{"arch", named(architectures, runtime.GOARCH)}, {"ci", v.first(ciSystems)}, {"agent", v.first(agents)},
	}
	known := all[:0]
	for _, property := range all {
		if property[1] != "" {
			known = append(known, property)
		}
	}
	return known
}

// stateDir gives the directory that was asked for, or the platform's place for an app's state; "" if there is none.
func stateDir(asked, app string, v variables) string {
	if asked != "" {
		dir, err := filepath.Abs(asked) // the host may change its working directory
		if err != nil {
			return ""
		}
		return dir
	}
	home := v["HOME"]
	if home == "" && runtime.GOOS != "windows" {
		if self, err := user.Current(); err == nil {
			home = self.HomeDir
		}
	}
	var base string
	switch {
	case runtime.GOOS == "windows":
		base = v["LOCALAPPDATA"]
	case filepath.IsAbs(v["XDG_STATE_HOME"]) && runtime.GOOS != "darwin":
		base = v["XDG_STATE_HOME"]
	case home == "":
	case runtime.GOOS == "darwin":
		base = filepath.Join(home, "Library", "Application Support")
	default:
		base = filepath.Join(home, ".local", "state")
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, "overt", app)
}
