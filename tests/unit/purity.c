/* Core and wire are pure: their objects need nothing from outside but a few functions that move memory or stop the program,
 * and their sources include nothing but one another and headers without a world behind them. */
#include <criterion/criterion.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SYMBOLS = 1024, SYMBOL_LEN = 128, LINE_LEN = 256 };

struct symbols {
	char names[SYMBOLS][SYMBOL_LEN];
	size_t n;
};

/* What any freestanding compiler may ask for, what our own asserts and the stack protector end in, the fortified forms, and
 * the compiler's own arithmetic (libgcc) for what the processor may lack. */
static const char *const allowed[] = {
	"memcpy",           "memmove",      "memset",        "memcmp",       "__assert_fail",
	"__stack_chk_fail", "__memcpy_chk", "__memmove_chk", "__memset_chk", "__popcountdi2",
};

/* A build under sanitizers calls its watchers: another build than the one that runs. */
static const char *const watchers[] = {"__asan_", "__ubsan_", "__sanitizer_"};

static bool watcher(const char *name) {
	for (size_t i = 0; i < sizeof watchers / sizeof *watchers; i++)
		if (strncmp(name, watchers[i], strlen(watchers[i])) == 0)
			return true;
	return false;
}

static bool has(const struct symbols *symbols, const char *name) {
	for (size_t i = 0; i < symbols->n; i++)
		if (strcmp(symbols->names[i], name) == 0)
			return true;
	return false;
}

static bool may_need(const char *name) {
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (strcmp(name, allowed[i]) == 0)
			return true;
	return watcher(name);
}

/* Adds the symbols that `nm` prints with this option for this object. */
static void list(const char *option, const char *object, struct symbols *symbols) {
	char command[PATH_MAX + 32];
	char line[LINE_LEN];

	snprintf(command, sizeof command, "nm -P %s '%s'", option, object);
	/* NOLINTNEXTLINE(cert-env33-c): a constant command, on a path that the build made */
	FILE *nm = popen(command, "r");
	cr_assert_not_null(nm);
	while (fgets(line, sizeof line, nm)) {
		cr_assert_lt(symbols->n, SYMBOLS);
		size_t length = strcspn(line, " \n");
		cr_assert_lt(length, SYMBOL_LEN);
		memcpy(symbols->names[symbols->n], line, length);
		symbols->names[symbols->n++][length] = '\0';
	}
	cr_assert_eq(pclose(nm), 0, "%s", command);
}

/* The objects of the build that this very program comes from: BUILD/tests/unit-tests lies beside BUILD/hamon. */
static void find_objects(const char *part, glob_t *found) {
	char program[PATH_MAX], pattern[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);

	cr_assert_gt(n, 0);
	program[n] = '\0';
	char *build = dirname(dirname(program));
	snprintf(pattern, sizeof pattern, "%s/hamon/%s/*.o", build, part);
	cr_assert_eq(glob(pattern, 0, NULL, found), 0, "no objects: %s", pattern);
}

static const char *const parts[] = {"core", "wire"};
enum { PARTS = sizeof parts / sizeof *parts };

Test(purity, objects_need_nothing_from_outside) {
	static struct symbols defined, needed;

	for (int part = 0; part < PARTS; part++) {
		glob_t objects;
		find_objects(parts[part], &objects);
		for (size_t i = 0; i < objects.gl_pathc; i++)
			list("--defined-only --extern-only", objects.gl_pathv[i], &defined);
		globfree(&objects);
	}
	for (int part = 0; part < PARTS; part++) {
		glob_t objects;
		find_objects(parts[part], &objects);
		for (size_t i = 0; i < objects.gl_pathc; i++) {
			needed.n = 0;
			list("--undefined-only", objects.gl_pathv[i], &needed);
			for (size_t s = 0; s < needed.n; s++)
				cr_expect(has(&defined, needed.names[s]) || may_need(needed.names[s]), "%s needs %s",
					  objects.gl_pathv[i], needed.names[s]);
		}
		globfree(&objects);
	}
	cr_assert(has(&defined, "core_step") && has(&defined, "heartbeat_pack"), "these are the objects meant");
}

/* No state outside the struct: an object with a variable of its own would remember between two cores. */
Test(purity, objects_have_no_variables) {
	for (int part = 0; part < PARTS; part++) {
		glob_t objects;
		find_objects(parts[part], &objects);
		for (size_t i = 0; i < objects.gl_pathc; i++) {
			char command[PATH_MAX + 64], line[LINE_LEN];
			snprintf(command, sizeof command, "nm -P '%s'", objects.gl_pathv[i]);
			/* NOLINTNEXTLINE(cert-env33-c): as above */
			FILE *nm = popen(command, "r");
			cr_assert_not_null(nm);
			while (fgets(line, sizeof line, nm)) {
				char name[SYMBOL_LEN] = "", type = '?';
				cr_assert_eq(sscanf(line, "%127s %c", name, &type), 2, "%s", line);
				/* d: data, b: bss, C: common; d also holds tables of pointers, which are relocated, and
				 * const */
				cr_expect(watcher(name) || !strchr("bBCDsSgG", type), "%s: %s is a variable",
					  objects.gl_pathv[i], name);
			}
			cr_assert_eq(pclose(nm), 0);
		}
		globfree(&objects);
	}
}

/* ---- the sources, from the project's root ---- */

static bool may_include(const char *name) {
	static const char *const headers[] = {"\"hamon/mono.h\"", "<assert.h>", "<errno.h>",  "<stdbool.h>",
					      "<stddef.h>",       "<stdint.h>", "<string.h>", "<limits.h>"};

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (strncmp(name, headers[i], strlen(headers[i])) == 0)
			return true;
	return strncmp(name, "\"hamon/core/", strlen("\"hamon/core/")) == 0 ||
	       strncmp(name, "\"hamon/wire/", strlen("\"hamon/wire/")) == 0;
}

static size_t check_includes(const char *path) {
	char line[LINE_LEN];
	size_t seen = 0;
	FILE *file = fopen(path, "r");

	cr_assert_not_null(file, "%s", path);
	while (fgets(line, sizeof line, file)) {
		const char *at = line + strspn(line, " \t");
		if (*at != '#')
			continue;
		at += 1 + strspn(at + 1, " \t");
		if (strncmp(at, "include", strlen("include")) != 0)
			continue;
		at += strlen("include");
		at += strspn(at, " \t");
		seen++;
		cr_expect(may_include(at), "%s includes %s", path, at);
	}
	fclose(file);
	return seen;
}

Test(purity, sources_include_only_one_another) {
	static const char *const patterns[] = {"hamon/core/*.c", "hamon/core/*.h", "hamon/wire/*.c", "hamon/wire/*.h"};

	for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
		glob_t sources;
		size_t seen = 0;
		cr_assert_eq(glob(patterns[p], 0, NULL, &sources), 0, "no sources: run from the project's root");
		for (size_t i = 0; i < sources.gl_pathc; i++)
			seen += check_includes(sources.gl_pathv[i]);
		cr_assert_gt(seen, 0, "%s: nothing is included, so nothing was read", patterns[p]);
		globfree(&sources);
	}
}
