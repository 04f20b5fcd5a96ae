/* See conf_scene.h. */
#include "tests/unit/conf_scene.h"

struct conf conf;
struct conf_errors errors;

int read_as(const char *text, const char *node) {
	return conf_read(text, "t", node, &conf, &errors);
}
