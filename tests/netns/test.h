/* What a namespace test is. A file holds one behaviour and adds itself to the runner's table:
 *
 *	NETNS_TEST(cable_cut, "the primary's cable is cut: the backup serves within the time") {
 *		scene_open(scene, NULL);
 *		...
 *	}
 *
 * It runs in a process and in namespaces of its own. To fail is to end the process: scene_check() and its kin do. */
#ifndef NETNS_TEST_H
#define NETNS_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/netns/scene.h"

struct netns_test {
	const char *name, *behaviour;
	void (*run)(struct scene *scene);
	bool alone; /* measures so closely that no other test may run beside it */
	struct netns_test *next;
};

/* Puts it into the runner's table. */
void netns_add(struct netns_test *test);

#define NETNS_TEST(test, sentence)       NETNS_TEST_ENTRY(test, sentence, false)
#define NETNS_TEST_ALONE(test, sentence) NETNS_TEST_ENTRY(test, sentence, true)

#define NETNS_TEST_ENTRY(test, sentence, quiet)                                                                            \
	static void test_##test(struct scene *scene);                                                                      \
	__attribute__((constructor)) static void add_##test(void) {                                                        \
		static struct netns_test entry = {#test, sentence, test_##test, quiet, NULL};                              \
		netns_add(&entry);                                                                                         \
	}                                                                                                                  \
	static void test_##test(struct scene *scene)

#endif
