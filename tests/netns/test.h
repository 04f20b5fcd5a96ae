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

#include "tests/netns/scene.h"

struct netns_test {
	const char *name, *behaviour;
	void (*run)(struct scene *scene);
};

/* The linker gathers the pointers; the runner walks them. */
#define NETNS_TEST(test, sentence)                                                                                         \
	static void test_##test(struct scene *scene);                                                                      \
	static const struct netns_test entry_##test = {#test, sentence, test_##test};                                      \
	static const struct netns_test *const pointer_##test __attribute__((used, section("netns_tests"))) =               \
		&entry_##test;                                                                                             \
	static void test_##test(struct scene *scene)

#endif
