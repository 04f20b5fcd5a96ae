/* The table of verbs and the table of options; reading the command line by them, and printing help from them. Written by
 * hand, because getopt_long(3) takes abbreviations: what means one thing today would mean two tomorrow. */
#include "hamon/cli/cli.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hamon/conf/conf.h"
#include "hamon/hooks/hooks.h"
#include "hamon/monitor.h"
#include "hamon/report/report.h"
#include "hamon/suggest.h"

/* Options that not every verb has. */
enum {
	OPT_FORCE = 1 << 0,
	OPT_DRY_RUN = 1 << 1,
	OPT_REASON = 1 << 2,
	OPT_YES = 1 << 3,
	OPT_FOR = 1 << 4,
	OPT_OUTPUT = 1 << 5,
	OPT_WITHIN = 1 << 6,
	OPT_KEEP = 1 << 7,
	OPT_KEEP_NODE = 1 << 8,
	OPT_FRAMES = 1 << 9,
	OPT_HANDOVER = OPT_FORCE | OPT_DRY_RUN | OPT_REASON | OPT_YES,
};

static const struct verb_row {
	const char *name;
	cli_verb_fn *run;
	unsigned options;
	int words_least, words_most;
	const char *words; /* how the usage line calls them */
	const char *help;
} verbs[] = {
	{"run", cli_run, 0, 0, 0, "", "the daemon: this node's half of the pair, in the foreground"},
	{"status", cli_status, 0, 0, 0, "", "what the pair does now (-v: everything)"},
	{"watch", cli_watch, OPT_FRAMES, 0, 0, "", "follow what the pair does, until Ctrl-C"},
	{"explain", cli_explain, 0, 1, 1, "now", "what speaks for and against a takeover now"},
	{"is-primary", cli_is_primary, 0, 0, 0, "", "exit status 0: this node is primary, 1: it is not"},
	{"takeover", cli_takeover, OPT_HANDOVER, 0, 0, "", "make this node primary"},
	{"standdown", cli_standdown, OPT_HANDOVER, 0, 0, "", "give the role to the peer"},
	{"resolve", cli_resolve, OPT_KEEP_NODE, 0, 0, "", "settle a conflict of roles"},
	{"abort", cli_abort, 0, 0, 0, "", "stop the countdown to a takeover"},
	{"clear", cli_clear, 0, 0, 0, "", "forget the hold-down, and alarms that are over"},
	{"pause", cli_pause, OPT_FOR, 0, 0, "", "no automatic takeover by this node"},
	{"resume", cli_resume, 0, 0, 0, "", "automatic takeover again"},
	{"ip", cli_ip, 0, 2, 2, "enable|disable ADDRESS", "serve a shared IP on this node, or not"},
	{"test", cli_test, 0, 1, 1, "ips", "run the connectivity tests now"},
	{"reload", cli_reload, 0, 0, 0, "", "read the configuration again"},
	{"check-config", cli_check_config, 0, 0, 1, "[FILE]", "check a configuration and print its timers"},
	{"show-config", cli_show_config, 0, 0, 1, "[FILE]", "print a configuration with all its defaults"},
	{"genpsk", cli_genpsk, OPT_OUTPUT, 0, 0, "", "make a pre-shared key"},
	{"demo", cli_demo, OPT_WITHIN | OPT_KEEP, 0, 0, "", "watch failovers between two daemons on this machine"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* The daemon's own processes: started by `hamon run` alone, with their own options. */
static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} processes[] = {{"_monitor", monitor_main}, {"_report", report_main}, {"_hooks", hooks_main}};

enum option_kind { KIND_FLAG, KIND_TEXT, KIND_SPAN };

#define AT(field) offsetof(struct cli, field)
static const struct option_row {
	char letter; /* 0: none */
	const char *name, *argument;
	enum option_kind kind;
	unsigned only; /* for the verbs that have it; 0: for every verb */
	size_t field;  /* in struct cli */
	const char *help;
} options[] = {
	{0, "force", NULL, KIND_FLAG, OPT_FORCE, AT(force), "even if a safety check says no"},
	{0, "dry-run", NULL, KIND_FLAG, OPT_DRY_RUN, AT(dry_run), "only say whether it would be done"},
	{0, "reason", "TEXT", KIND_TEXT, OPT_REASON, AT(reason), "for the log"},
	{'y', "yes", NULL, KIND_FLAG, OPT_YES, AT(yes), "do not ask back"},
	{0, "for", "TIME", KIND_SPAN, OPT_FOR, AT(pause), "so long, such as 2h; else until resume"},
	{'o', "output", "FILE", KIND_TEXT, OPT_OUTPUT, AT(output), "into this new file, which its owner alone reads"},
	{0, "within", "TIME", KIND_TEXT, OPT_WITHIN, AT(within), "the failover time, such as 100ms"},
	{0, "keep", NULL, KIND_FLAG, OPT_KEEP, AT(keep), "leave it running until Ctrl-C"},
	{0, "keep", "NODE", KIND_TEXT, OPT_KEEP_NODE, AT(keep_node), "this node is to be primary"},
	{0, "frames", NULL, KIND_FLAG, OPT_FRAMES, AT(frames), "every heartbeat, and every claim of a shared IP"},
	{'f', "file", "FILE", KIND_TEXT, 0, AT(file), "the configuration"},
	{0, "cluster", "NAME", KIND_TEXT, 0, AT(cluster), "which cluster, where several run here"},
	{0, "node", "NAME", KIND_TEXT, 0, AT(node), "this node's name; else the host's"},
	{0, "run-dir", "DIR", KIND_TEXT, 0, AT(run_dir), "the control socket's; else /run/hamon/CLUSTER"},
	{0, "state-dir", "DIR", KIND_TEXT, 0, AT(state_dir), "what survives restarts; else /var/lib/hamon/CLUSTER"},
	{0, "timeout", "TIME", KIND_SPAN, 0, AT(timeout), "wait so long for the daemon's answer"},
	{0, "json", NULL, KIND_FLAG, 0, AT(json), "print JSON"},
	{0, "no-color", NULL, KIND_FLAG, 0, AT(no_color), "print no colours"},
	{'q', "quiet", NULL, KIND_FLAG, 0, AT(quiet), "print less"},
	{'v', "verbose", NULL, KIND_FLAG, 0, AT(verbose), "print more"},
	{'h', "help", NULL, KIND_FLAG, 0, AT(help), "print this"},
	{0, "version", NULL, KIND_FLAG, 0, AT(version), "print the version"},
};
enum { OPTIONS = sizeof options / sizeof *options };

/* ---- help ---- */

static void print_options(unsigned mask, FILE *out) {
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option_row *option = &options[i];
		if (option->only != 0 ? !(option->only & mask) : mask != 0)
			continue;
		char letter[] = {'-', option->letter, ',', '\0'}, name[32];
		snprintf(name, sizeof name, "--%s %s", option->name, option->argument ? option->argument : "");
		fprintf(out, "  %3s %-18s %s\n", option->letter ? letter : "", name, option->help);
	}
}

static void print_verb_help(const struct verb_row *verb, FILE *out) {
	fprintf(out, "usage: hamon %s%s%s [OPTION …]\n%s\n", verb->name, *verb->words ? " " : "", verb->words, verb->help);
	if (verb->options)
		fputs("\noptions:\n", out);
	if (verb->options)
		print_options(verb->options, out);
	fputs("\noptions of every verb:\n", out);
	print_options(0, out);
	fputs("\nhamon(8) says more\n", out);
}

static void print_help(FILE *out) {
	fputs("usage: hamon VERB [OPTION …]\n\n", out);
	for (unsigned i = 0; i < VERBS; i++) {
		char usage[48];
		snprintf(usage, sizeof usage, "%s %s", verbs[i].name, verbs[i].words);
		fprintf(out, "  %-26s %s\n", usage, verbs[i].help);
	}
	fputs("\noptions of every verb:\n", out);
	print_options(0, out);
	fputs("\n`hamon VERB --help` says what else a verb takes; hamon(8) says more\n", out);
}

/* ---- errors ---- */

int cli_error(enum exit_code code, const char *format, ...) {
	va_list args;
	va_start(args, format);
	fputs("hamon: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return (int)code;
}

bool cli_flush(void) {
	errno = EIO; /* for a write that failed earlier: why is not known any more */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	if (errno != EPIPE)
		cli_error(EXIT_FAILED, "standard output: %s", strerror(errno));
	__fpurge(stdout);
	clearerr(stdout);
	return false;
}

static int unknown(const char *what, const char *word, const char *dashes, const char *best) {
	if (best)
		return cli_error(EXIT_USAGE, "unknown %s %s: did you mean %s%s?", what, word, dashes, best);
	return cli_error(EXIT_USAGE, "unknown %s %s; `hamon --help` lists them", what, word);
}

static const struct verb_row *find_verb(const char *name) {
	for (unsigned i = 0; i < VERBS; i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

static int unknown_verb(const char *word) {
	struct suggest suggest;
	suggest_init(&suggest, word);
	for (unsigned i = 0; i < VERBS; i++)
		suggest_offer(&suggest, verbs[i].name);
	return unknown("verb", word, "", suggest.best);
}

static int unknown_option(const char *given, const char *name) {
	struct suggest suggest;
	suggest_init(&suggest, name);
	for (unsigned i = 0; i < OPTIONS; i++)
		suggest_offer(&suggest, options[i].name);
	return unknown("option", given, "--", suggest.best);
}

/* ---- reading the command line ---- */

struct reader {
	struct cli *cli;
	char **next;    /* arguments not read yet, NULL-terminated */
	unsigned given; /* mask of the options that not every verb has */
	char name[64];  /* of the long option at hand */
};

static int set_option(struct reader *reader, const struct option_row *option, const char *value) {
	char *field = (char *)reader->cli + option->field;
	if (option->kind == KIND_FLAG && value)
		return cli_error(EXIT_USAGE, "option --%s takes no value", option->name);
	if (option->kind != KIND_FLAG && !value && *reader->next)
		value = *reader->next++;
	if (option->kind != KIND_FLAG && (!value || !*value))
		return cli_error(EXIT_USAGE, "option --%s needs a value: %s", option->name, option->argument);
	reader->given |= option->only;
	switch (option->kind) {
	case KIND_FLAG:
		*(bool *)field = true;
		break;
	case KIND_TEXT:
		*(const char **)field = value;
		break;
	case KIND_SPAN:
		if (conf_duration(value, (span_t *)field) < 0 || *(span_t *)field <= 0)
			return cli_error(EXIT_USAGE, "option --%s: %s is no length of time, such as 500ms, 30s, 2h",
					 option->name, value);
		break;
	}
	return EXIT_OK;
}

/* Two verbs may mean different things by one name: then the one that has its verb, which was read before it. NULL:
 * unknown. */
static const struct option_row *find_name(const char *name, const struct verb_row *verb) {
	const struct option_row *found = NULL;
	for (unsigned i = 0; i < OPTIONS; i++) {
		const struct option_row *option = &options[i];
		if (strcmp(option->name, name) == 0 && (!found || (verb && option->only & verb->options)))
			found = option;
	}
	return found;
}

static bool is_ambiguous(const struct option_row *option) {
	unsigned n = 0;
	for (unsigned i = 0; i < OPTIONS; i++)
		n += strcmp(options[i].name, option->name) == 0;
	return n > 1;
}

/* --name, --name value, --name=value */
static int read_long(struct reader *reader, const char *argument) {
	const char *value = strchr(argument, '=');
	size_t length = strcspn(argument + 2, "=");
	if (length >= sizeof reader->name)
		return cli_error(EXIT_USAGE, "unknown option %s", argument);
	memcpy(reader->name, argument + 2, length);
	reader->name[length] = '\0';
	const char *verb = reader->cli->verb;
	const struct option_row *option = find_name(reader->name, verb ? find_verb(verb) : NULL);
	if (!option)
		return unknown_option(argument, reader->name);
	if (!verb && is_ambiguous(option))
		return cli_error(EXIT_USAGE, "option --%s stands behind its verb", option->name);
	return set_option(reader, option, value ? value + 1 : NULL);
}

static const struct option_row *find_letter(char letter) {
	for (unsigned i = 0; i < OPTIONS; i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

/* -q, -qv, -f value, -fvalue */
static int read_short(struct reader *reader, const char *argument) {
	for (const char *at = argument + 1; *at; at++) {
		const struct option_row *option = find_letter(*at);
		if (!option)
			return cli_error(EXIT_USAGE, "unknown option -%c; `hamon --help` lists them", *at);
		bool takes_rest = option->kind != KIND_FLAG && at[1];
		int code = set_option(reader, option, takes_rest ? at + 1 : NULL);
		if (code != EXIT_OK || option->kind != KIND_FLAG)
			return code;
	}
	return EXIT_OK;
}

/* Sorts the arguments: options into *cli, the first word is the verb, the others are moved to the front of argv. */
static int read_arguments(struct reader *reader, char **argv) {
	struct cli *cli = reader->cli;
	bool only_words = false;
	char **word = argv;
	reader->next = argv;
	while (*reader->next) {
		char *argument = *reader->next++;
		int code = EXIT_OK;
		if (!only_words && strcmp(argument, "--") == 0)
			only_words = true;
		else if (!only_words && strncmp(argument, "--", 2) == 0)
			code = read_long(reader, argument);
		else if (!only_words && argument[0] == '-' && argument[1])
			code = read_short(reader, argument);
		else if (!cli->verb)
			cli->verb = argument;
		else
			*word++ = argument;
		if (code != EXIT_OK)
			return code;
	}
	*word = NULL;
	cli->words = argv;
	cli->words_n = (int)(word - argv);
	return EXIT_OK;
}

static int check_options(const struct verb_row *verb, unsigned given) {
	for (unsigned i = 0; i < OPTIONS; i++)
		if (options[i].only & given & ~verb->options)
			return cli_error(EXIT_USAGE, "%s takes no option --%s", verb->name, options[i].name);
	return EXIT_OK;
}

static int run_verb(const struct verb_row *verb, const struct cli *cli, unsigned given) {
	int code = check_options(verb, given);
	if (code != EXIT_OK)
		return code;
	if (cli->help) {
		print_verb_help(verb, stdout);
		return EXIT_OK;
	}
	if (cli->words_n < verb->words_least || cli->words_n > verb->words_most)
		return cli_error(EXIT_USAGE, "usage: hamon %s%s%s [OPTION …]", verb->name, *verb->words ? " " : "",
				 verb->words);
	return verb->run(cli);
}

static int run_command_line(char **argv) {
	struct cli cli = {0};
	struct reader reader = {.cli = &cli};
	int code = read_arguments(&reader, argv);
	if (code != EXIT_OK)
		return code;
	if (cli.version) {
		puts("hamon " HAMON_VERSION);
		return EXIT_OK;
	}
	if (!cli.verb) {
		print_help(cli.help ? stdout : stderr);
		return cli.help ? EXIT_OK : EXIT_USAGE;
	}
	const struct verb_row *verb = find_verb(cli.verb);
	return verb ? run_verb(verb, &cli, reader.given) : unknown_verb(cli.verb);
}

/* A standard descriptor that is closed would be given to the next file that is opened, and our words would go into that.
 * stdout cannot be written to even so, since what we print there is asked for. */
static bool open_standard(void) {
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
			return false;
	return true;
}

int cli_main(int argc, char **argv) {
	if (!open_standard())
		return cli_error(EXIT_FAILED, "/dev/null: %s", strerror(errno));
	for (size_t i = 0; argc > 1 && i < sizeof processes / sizeof *processes; i++)
		if (strcmp(argv[1], processes[i].name) == 0)
			return processes[i].run(argc - 1, argv + 1);
	int code = argc > 0 ? run_command_line(argv + 1) : EXIT_USAGE;
	return cli_flush() || code != EXIT_OK ? code : EXIT_FAILED;
}

/* ---- what the verbs share ---- */

const char *cli_config_path(const struct cli *cli) {
	static char path[CONF_PATH];
	if (cli->words_n > 0)
		return cli->words[0];
	if (cli->file)
		return cli->file;
	if (!cli->cluster)
		return CLI_CONFIG;
	snprintf(path, sizeof path, "%s/%s.conf", CLI_CONFIG_DIR, cli->cluster);
	return path;
}

bool cli_color(const struct cli *cli) {
	const char *no_color = getenv("NO_COLOR");
	return !cli->no_color && !(no_color && *no_color) && isatty(STDOUT_FILENO);
}
