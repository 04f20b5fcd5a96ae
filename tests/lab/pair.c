/* Two daemons: see pair.h. */
#include "tests/lab/pair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json_pointer.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/fault.h"
#include "tests/lab/shell.h"
#include "tests/lab/text.h"

enum { CONF = 192 << 10, TAIL_LINES = 40 };

/* How often a condition is looked at: each look is a process. */
#define LOOK (20 * NANOS_MS)

/* ---- files ---- */

static void write_file(const char *path, const char *text, mode_t mode) {
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	size_t len = strlen(text);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || close(fd))
		shell_die("cannot write %s: %s", path, strerror(errno));
}

static void make_dir(const char *path) {
	if (mkdir(path, 0755) && errno != EEXIST)
		shell_die("cannot make %s: %s", path, strerror(errno));
}

/* ---- set-up ---- */

void pair_new_key(const struct pair *pair, enum net_host host) {
	char key[256], path[PAIR_PATH + 8];
	shell_must(&(struct shell_job){.output = key, .output_size = sizeof(key)}, "%s genpsk", pair->hamon);
	shell_print(path, sizeof(path), "%s/psk", pair->node[host].dir);
	write_file(path, key, 0600);
}

void pair_configure(const struct pair *pair, enum net_host host, const struct pair_conf *conf) {
	const struct pair_node *node = &pair->node[host];
	char *text = malloc(CONF), links[1024] = "";
	if (!text)
		shell_die("out of memory");
	if (conf->links)
		shell_print(links, sizeof(links), "links = ( %s )\n", conf->links);
	shell_print(text, CONF,
		    "cluster = \"%s\"\n"
		    "psk-file = \"%s/psk\"\n"
		    "nodes = ( { name = \"ha1\" %s }, { name = \"ha2\" %s } )\n"
		    "shared-ips = ( %s )\n"
		    "%s"
		    "failover = { within = \"%lldms\" %s %s }\n"
		    "connectivity-test = { %s }\n"
		    "%s\n",
		    conf->cluster ? conf->cluster : "edge", node->dir, conf->node[NET_HA1] ? conf->node[NET_HA1] : "",
		    conf->node[NET_HA2] ? conf->node[NET_HA2] : "",
		    conf->shared_ips ? conf->shared_ips
				     : "{ address = \"" PAIR_SHARED "/24\" interface = \"" PAIR_INTERFACE "\" }",
		    links, (long long)(conf->within / NANOS_MS), conf->failover ? conf->failover : "",
		    conf->lease_off ? "lease = \"off\"" : "", conf->tests ? conf->tests : "ips = [ \"192.0.2.1\" ]",
		    conf->more ? conf->more : "");
	write_file(node->conf, text, 0644);
	free(text);
}

void pair_init(struct pair *pair, const struct net *net, const char *hamon, const char *dir, const struct pair_conf *conf) {
	*pair = (struct pair){.net = net, .hamon = hamon};
	char base[PAIR_PATH], key[2][PAIR_PATH + 8];
	shell_print(base, sizeof(base), "%s/%s", dir, conf->cluster ? conf->cluster : "edge");
	make_dir(base);
	for (unsigned host = 0; host < NET_NODES; host++) {
		struct pair_node *node = &pair->node[host];
		shell_print(node->dir, PAIR_PATH, "%s/%s", base, net_host_name(host));
		make_dir(node->dir);
		shell_print(node->conf, PAIR_PATH, "%s/hamon.conf", node->dir);
		shell_print(node->log, PAIR_PATH, "%s/log", node->dir);
		shell_print(key[host], sizeof(key[host]), "%s/psk", node->dir);
		pair_configure(pair, host, conf);
	}
	pair_new_key(pair, NET_HA1);
	char *text = text_read(key[NET_HA1]);
	write_file(key[NET_HA2], text, 0600);
	free(text);
}

/* ---- the processes ---- */

void pair_start_by(struct pair *pair, enum net_host host, const char *words) {
	struct pair_node *node = &pair->node[host];
	node->pid = shell_spawn(pair->net->ns[host], node->log,
				"%s %s run -f %s --node %s --state-dir %s/state --run-dir %s/run", words, pair->hamon,
				node->conf, net_host_name(host), node->dir, node->dir);
}

void pair_start(struct pair *pair, enum net_host host) {
	pair_start_by(pair, host, "");
}

void pair_signal(const struct pair *pair, enum net_host host, int number) {
	if (pair->node[host].pid <= 0 || kill(pair->node[host].pid, number))
		shell_die("%s has no daemon to send signal %d to", net_host_name(host), number);
	if (number == SIGKILL || number == SIGSTOP || number == SIGTERM)
		fault_count();
}

int pair_wait_end(struct pair *pair, enum net_host host, nanos deadline) {
	struct pair_node *node = &pair->node[host];
	for (int status;;) {
		pid_t pid = waitpid(node->pid, &status, WNOHANG);
		if (pid == node->pid) {
			node->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		if (clock_now() > deadline)
			return -1;
		clock_sleep_until(clock_now() + NANOS_MS);
	}
}

static long parent_of(const char *process) {
	char path[PAIR_PATH];
	shell_print(path, sizeof(path), "/proc/%s/stat", process);
	char *stat = text_read(path);
	const char *after = strrchr(stat, ')'); /* "(name) S ppid": the name may hold anything */
	long parent = after && strlen(after) > 4 ? strtol(after + 4, NULL, 10) : 0;
	free(stat);
	return parent;
}

size_t pair_children(const struct pair *pair, enum net_host host, pid_t out[static PAIR_CHILDREN]) {
	size_t n = 0;
	DIR *dir = opendir("/proc");
	for (struct dirent *entry; dir && n < PAIR_CHILDREN && (entry = readdir(dir));) {
		long pid = strtol(entry->d_name, NULL, 10);
		if (pid > 0 && parent_of(entry->d_name) == pair->node[host].pid)
			out[n++] = (pid_t)pid;
	}
	if (dir)
		closedir(dir);
	return n;
}

/* Is there the word among the arguments of the process? */
static bool has_word(pid_t process, const char *word) {
	char path[PAIR_PATH], args[1024];
	shell_print(path, sizeof(path), "/proc/%d/cmdline", (int)process);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, args, sizeof(args) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	args[n] = '\0';
	for (const char *arg = args; arg < args + n; arg += strlen(arg) + 1)
		if (strcmp(arg, word) == 0)
			return true;
	return false;
}

pid_t pair_child(const struct pair *pair, enum net_host host, const char *word) {
	pid_t children[PAIR_CHILDREN];
	size_t n = pair_children(pair, host, children);
	for (size_t i = 0; i < n; i++)
		if (has_word(children[i], word))
			return children[i];
	return 0;
}

void pair_expect_alive(struct pair *pair) {
	for (unsigned host = 0; host < NET_NODES; host++) {
		if (pair->node[host].pid == 0)
			continue;
		int status = pair_wait_end(pair, host, 0);
		if (status >= 0)
			shell_die("the daemon of %s ended by itself, with status %d", net_host_name(host), status);
	}
}

/* ---- the verbs ---- */

struct pair_result pair_verb(const struct pair *pair, enum net_host host, const char *words) {
	const struct pair_node *node = &pair->node[host];
	struct pair_result result = {.output = malloc(PAIR_OUTPUT)};
	if (!result.output)
		shell_die("out of memory");
	struct shell_job job = {.ns = pair->net->ns[host], .output = result.output, .output_size = PAIR_OUTPUT};
	result.status = shell_run(&job, "%s %s -f %s --node %s --run-dir %s/run", pair->hamon, words, node->conf,
				  net_host_name(host), node->dir);
	return result;
}

int pair_do(const struct pair *pair, enum net_host host, const char *words) {
	struct pair_result result = pair_verb(pair, host, words);
	free(result.output);
	return result.status;
}

struct json_object *pair_status(const struct pair *pair, enum net_host host) {
	struct pair_result result = pair_verb(pair, host, "status --json");
	struct json_object *status = result.status == 0 ? json_tokener_parse(result.output) : NULL;
	free(result.output);
	return status;
}

static bool get(struct json_object *status, const char *pointer, char *out, size_t size) {
	struct json_object *value = NULL;
	if (!status || json_pointer_get(status, pointer, &value))
		return false;
	snprintf(out, size, "%s", value ? json_object_get_string(value) : "null");
	return true;
}

bool pair_get(const struct pair *pair, enum net_host host, const char *pointer, char *out, size_t size) {
	struct json_object *status = pair_status(pair, host);
	bool found = get(status, pointer, out, size);
	json_object_put(status);
	return found;
}

double pair_number(const struct pair *pair, enum net_host host, const char *pointer) {
	char text[64];
	return pair_get(pair, host, pointer, text, sizeof(text)) ? strtod(text, NULL) : -1;
}

bool pair_wait(const struct pair *pair, enum net_host host, const char *pointer, const char *value, nanos deadline) {
	for (char text[256];;) {
		if (pair_get(pair, host, pointer, text, sizeof(text)) && strcmp(text, value) == 0)
			return true;
		if (clock_now() > deadline)
			return false;
		clock_sleep_until(clock_now() + LOOK);
	}
}

static bool is_state(struct json_object *status, const char *state) {
	char text[64];
	return get(status, "/state", text, sizeof(text)) && strcmp(text, state) == 0;
}

/* Did every test IP answer since the state began? An age that is null, for never, reads as 0. */
static bool is_tested(struct json_object *status) {
	double since = json_object_get_double(json_object_object_get(status, "since_age_ms"));
	struct json_object *tests = json_object_object_get(status, "tests");
	for (size_t i = 0; tests && i < json_object_array_length(tests); i++) {
		struct json_object *age = json_object_object_get(json_object_array_get_idx(tests, i), "answered_age_ms");
		if (!age || json_object_get_double(age) >= since)
			return false;
	}
	return true;
}

/* Does it hear the other one, and is heard by it? A node that is heard again is the other's backup half a round trip
 * before. */
static bool is_in_contact(struct json_object *status) {
	struct json_object *facts = json_object_object_get(status, "facts");
	for (size_t i = 0; facts && i < json_object_array_length(facts); i++) {
		struct json_object *fact = json_object_array_get_idx(facts, i);
		const char *name = json_object_get_string(json_object_object_get(fact, "name"));
		if (name && strcmp(name, "peer-heard") == 0)
			return json_object_get_boolean(json_object_object_get(fact, "holds"));
	}
	return false;
}

int pair_wait_settled(const struct pair *pair, nanos deadline) {
	for (;;) {
		struct json_object *status[NET_NODES] = {pair_status(pair, NET_HA1), pair_status(pair, NET_HA2)};
		int primary = -1;
		for (unsigned host = 0; host < NET_NODES; host++) {
			struct json_object *other = status[pair_other(host)];
			if (is_state(status[host], "primary") && is_state(other, "backup") && is_tested(other) &&
			    is_in_contact(other))
				primary = (int)host;
		}
		json_object_put(status[NET_HA1]);
		json_object_put(status[NET_HA2]);
		if (primary >= 0 || clock_now() > deadline)
			return primary;
		clock_sleep_until(clock_now() + LOOK);
	}
}

enum net_host pair_settled(struct pair *pair, nanos deadline) {
	int primary = pair_wait_settled(pair, deadline);
	pair_expect_alive(pair);
	if (primary < 0)
		shell_die("the pair does not come to rest as one primary and one backup");
	return (enum net_host)primary;
}

nanos pair_patience(nanos within) {
	return clock_now() + 20 * within + 20 * NANOS_SEC;
}

bool pair_holds(const struct pair *pair, enum net_host host, const char *address) {
	char *output = malloc(PAIR_OUTPUT), word[80];
	if (!output)
		shell_die("out of memory");
	struct shell_job job = {.ns = pair->net->ns[host], .output = output, .output_size = PAIR_OUTPUT};
	shell_must(&job, "ip -o address show");
	shell_print(word, sizeof(word), " %s/", address);
	bool found = strstr(output, word) != NULL;
	free(output);
	return found;
}

/* ---- the logs ---- */

bool pair_logged(const struct pair *pair, enum net_host host, const char *text) {
	char *log = text_read(pair->node[host].log);
	bool found = strstr(log, text) != NULL;
	free(log);
	return found;
}

bool pair_wait_logged(const struct pair *pair, enum net_host host, const char *text, nanos deadline) {
	while (!pair_logged(pair, host, text)) {
		if (clock_now() > deadline)
			return false;
		clock_sleep_until(clock_now() + LOOK);
	}
	return true;
}

void pair_show_logs(const struct pair *pair) {
	for (unsigned host = 0; host < NET_NODES; host++) {
		char *log = text_read(pair->node[host].log);
		fprintf(stderr, "---- the last lines of %s's log ----\n%s", net_host_name(host),
			text_tail(log, TAIL_LINES));
		free(log);
	}
}
