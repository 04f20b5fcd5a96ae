/* hamon: one program; its verb says whether it is the daemon, one of its processes, or a question to it. */
#include "hamon/cli/cli.h"

int main(int argc, char **argv) {
	return cli_main(argc, argv);
}
