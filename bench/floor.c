/*
 * The floor of a fan-out over Server-Sent Events: one channel, and for each message and client one write() of a frame
 * that was built once. No bounds, no heartbeats, and of HTTP only what the bench sends.  floor PORT
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FD = 1 << 16, MAX_BYTES = 1 << 16 };
static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static int listeners[MAX_FD], count;

static void leave(int fd) {
  for (int i = 0; i < count; i++)
    if (listeners[i] == fd) listeners[i--] = listeners[--count];
  close(fd);
}

/* A whole request is expected in one read. */
static void serve(int fd) {
  static char in[MAX_BYTES], frame[MAX_BYTES + 16];
  ssize_t got = read(fd, in, sizeof in - 1);
  if (got <= 0) {
    leave(fd);
    return;
  }
  in[got] = 0;
  if (in[0] == 'G') {
    if (write(fd, HEAD, sizeof HEAD - 1) > 0 && count < MAX_FD) listeners[count++] = fd;
    return;
  }
  char *body = strstr(in, "\r\n\r\n");
  if (!body) return;
  int length = snprintf(frame, sizeof frame, "data: %s\n\n", body + 4);
  for (int i = 0; i < count; i++)
    if (write(listeners[i], frame, length) < 0) continue; /* a client that has gone shows by its read */
  if (write(fd, ANSWER, sizeof ANSWER - 1) < 0) leave(fd);
}

int main(int argc, char **argv) {
  int on = 1, events = epoll_create1(0), door = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct epoll_event ready[512], want = {.events = EPOLLIN, .data.fd = door};
  signal(SIGPIPE, SIG_IGN);
  if (bind(door, (struct sockaddr *)&where, sizeof where) || listen(door, 4096)) return 1;
  epoll_ctl(events, EPOLL_CTL_ADD, door, &want);
  for (;;) {
    int n = epoll_wait(events, ready, 512, -1);
    for (int i = 0; i < n; i++) {
      if (ready[i].data.fd != door) {
        serve(ready[i].data.fd);
        continue;
      }
      int fd = accept4(door, NULL, NULL, SOCK_NONBLOCK);
      if (fd < 0) continue;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      want.data.fd = fd;
      epoll_ctl(events, EPOLL_CTL_ADD, fd, &want);
    }
  }
}
