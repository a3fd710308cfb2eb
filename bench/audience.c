/*
 * The listeners of a fan-out: so many SSE or WebSocket connections in one process that does little else, as a client that is
 * slower than the server would measure itself.   audience PORT sse|ws BEFORE AFTER CHANNELS
 *
 * Client c listens on channel c modulo CHANNELS, at the path BEFORE, the number of the channel unless it is 0, AFTER.
 * It is told by lines, and answers by lines:
 *
 *   grow N             opens connections until there are N                 open N
 *   phase FIRST COUNT SERIES  judges COUNT messages from number FIRST on   (nothing)
 *                      whenever one more has come to all who hear it       at DELIVERED
 *   end                what came of it          tally DELIVERED DOUBLED REORDERED LAST_US P50_US P99_US CLOSED
 *
 * P50 and P99 are those of all phases of a SERIES until then; each phase of series 0 stands alone.
 *
 * A message is as messages.js writes it. Message n goes to channel n modulo CHANNELS. All clients must get the messages in
 * one order: reordered is what comes behind a message that somebody got after it. Times are those of CLOCK_MONOTONIC.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 1 << 16, TOGETHER = 100, MARK = 3, NUMBER_END = MARK + 8, HEAD = NUMBER_END + 12, BYTES = 200 };
enum { SLOT_US = 20, SLOTS = 1000000, PONG_MS = 5000, MAX_SERIES = 4 };

typedef struct {
  int fd, got, skip, last;
  char is_open;
  long number, sent;
  unsigned char *seen; /* of its messages, by their number: 1 for those that came */
} client;

static client clients[MAX_CLIENTS];
static int events, size, opened, wanted, closed_count, web_socket, channels, port;
static const char *before_channel, *after_channel;
static long first, count, delivered, doubled, reordered, last_us, told, ranked;
static int *rank_of;
static unsigned delays_of[MAX_SERIES][SLOTS], *delays = delays_of[0];

static void fail(const char *what) {
  printf("error %s\n", what);
  fflush(stdout);
  exit(1);
}

static long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static void deliver(client *c, long number, long sent, long now) {
  long n = number - first;
  if (n < 0 || n >= count || !c->seen) return; /* of an earlier phase */
  unsigned char *seen = &c->seen[n / channels];
  if (*seen) {
    doubled++;
    return;
  }
  *seen = 1;
  if (rank_of[n] < 0) rank_of[n] = ranked++;
  if (rank_of[n] < c->last) reordered++;
  else c->last = rank_of[n];
  delivered++;
  last_us = now;
  long slot = (now - sent) / SLOT_US;
  delays[slot < 0 ? 0 : slot < SLOTS ? slot : SLOTS - 1]++;
}

/* Messages may be cut anywhere between two reads. */
static void take(client *c, const char *bytes, long length) {
  static const char mark[] = "~#~";
  long now = now_us();
  for (long i = 0; i < length;) {
    if (c->skip > 0) {
      long step = c->skip < length - i ? c->skip : length - i;
      i += step;
      c->skip -= step;
      continue;
    }
    char byte = bytes[i++];
    if (c->got < MARK) {
      c->got = byte == mark[c->got] ? c->got + 1 : byte == mark[0];
      continue;
    }
    if (c->got < NUMBER_END) c->number = c->number * 10 + byte - '0';
    else c->sent = c->sent * 10 + byte - '0';
    if (++c->got < HEAD) continue;
    deliver(c, c->number, c->sent, now);
    c->got = 0;
    c->number = c->sent = 0;
    c->skip = BYTES - HEAD;
  }
}

static void open_one(void) {
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  char request[1024], channel[16] = "";
  if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof where)) fail(strerror(errno));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (size % channels) snprintf(channel, sizeof channel, "%d", size % channels);
  int length = snprintf(request, sizeof request, "GET %s%s%s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n%s\r\n",
                        before_channel, channel, after_channel,
                        web_socket ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" : "");
  if (write(fd, request, length) != length) fail("a request was not taken");
  fcntl(fd, F_SETFL, O_NONBLOCK);
  struct epoll_event want = {.events = EPOLLIN, .data.u32 = size};
  epoll_ctl(events, EPOLL_CTL_ADD, fd, &want);
  clients[size++] = (client){.fd = fd};
}

static void grow(void) {
  while (size < wanted && size - opened < TOGETHER) open_one();
  if (opened == wanted && wanted > 0) {
    printf("open %d\n", opened);
    fflush(stdout);
    wanted = 0;
  }
}

static void read_client(client *c) {
  static char in[1 << 18];
  ssize_t got = read(c->fd, in, sizeof in);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    closed_count++;
    close(c->fd);
    return;
  }
  if (!c->is_open) {
    if (got < 12 || strncmp(in + 9, web_socket ? "101" : "200", 3)) fail("a stream was refused");
    c->is_open = 1;
    opened++;
    grow();
  }
  take(c, in, got);
}

static void begin_phase(int series) {
  if (series < 0 || series >= MAX_SERIES) fail("too many series");
  delivered = doubled = reordered = last_us = told = ranked = 0;
  delays = delays_of[series];
  if (series == 0) memset(delays, 0, sizeof delays_of[0]);
  rank_of = realloc(rank_of, count * sizeof *rank_of);
  for (long n = 0; n < count; n++) rank_of[n] = -1;
  for (int i = 0; i < size; i++) {
    free(clients[i].seen);
    clients[i].seen = calloc(count / channels + 1, 1);
    clients[i].last = -1;
  }
}

static long delay(double share) {
  long all = 0, came = delays[0], slot = 0;
  for (int i = 0; i < SLOTS; i++) all += delays[i];
  while (came < all * share) came += delays[++slot];
  return slot * SLOT_US;
}

static void obey(char *line) {
  int series;
  if (sscanf(line, "grow %d", &wanted) == 1) {
    if (wanted > MAX_CLIENTS) fail("too many clients");
    grow();
  } else if (sscanf(line, "phase %ld %ld %d", &first, &count, &series) == 3) {
    begin_phase(series);
  } else if (!strncmp(line, "end", 3)) {
    printf("tally %ld %ld %ld %ld %ld %ld %d\n", delivered, doubled, reordered, last_us, delay(0.5), delay(0.99), closed_count);
    fflush(stdout);
  } else {
    fail("what was that?");
  }
}

static void read_orders(void) {
  static char in[4096];
  static int held;
  ssize_t got = read(0, in + held, sizeof in - held - 1);
  if (got <= 0) exit(0);
  held += got;
  in[held] = 0;
  char *line = in, *end;
  for (; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    obey(line);
  }
  held = strlen(line);
  memmove(in, line, held);
}

/* RFC 6455 section 5.5.3: a pong may come unasked. It answers every ping without looking for them. */
static void pong(void) {
  static const char frame[] = {(char)0x8a, (char)0x80, 0, 0, 0, 0};
  static long due;
  long now = now_us();
  if (!web_socket || now < due) return;
  due = now + PONG_MS * 1000L;
  for (int i = 0; i < size; i++)
    if (write(clients[i].fd, frame, sizeof frame) < 0) continue; /* one that has gone shows by its read */
}

int main(int argc, char **argv) {
  struct epoll_event ready[1024], orders = {.events = EPOLLIN, .data.u32 = MAX_CLIENTS};
  if (argc != 6) return 2;
  port = atoi(argv[1]);
  web_socket = !strcmp(argv[2], "ws");
  before_channel = argv[3];
  after_channel = argv[4];
  channels = atoi(argv[5]);
  signal(SIGPIPE, SIG_IGN);
  events = epoll_create1(0);
  epoll_ctl(events, EPOLL_CTL_ADD, 0, &orders);
  for (;;) {
    int n = epoll_wait(events, ready, 1024, PONG_MS);
    for (int i = 0; i < n; i++) {
      if (ready[i].data.u32 == MAX_CLIENTS) read_orders();
      else read_client(&clients[ready[i].data.u32]);
    }
    long each = size / channels, whole = each ? delivered / each : 0;
    if (whole > told) {
      told = whole;
      printf("at %ld\n", delivered);
      fflush(stdout);
    }
    pong();
  }
}
