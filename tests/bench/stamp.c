/* The started program: says when it started, as one line of 32 bytes: "NUMBER INSTANT\n".
 *
 * stamp FILE NUMBER: the instant is CLOCK_REALTIME in nanoseconds. The line is appended to FILE by
 * a single write, which O_APPEND keeps whole; it is also printed, so that there is output to keep.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec now;
    char line[64];
    clock_gettime(CLOCK_REALTIME, &now);
    if (argc != 3)
        return 2;
    int size = snprintf(line, sizeof line, "%011lld %019lld\n", atoll(argv[2]),
                        (long long)now.tv_sec * 1000000000LL + now.tv_nsec);
    int file = open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (size != 32 || file < 0 || write(file, line, size) != size)
        return 1;
    return write(1, line, size) != size;
}
