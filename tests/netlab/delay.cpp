// Holds every packet that comes in for a fixed time: a link with a round trip, for kernels without netem.
//   delay MILLISECONDS NAMESPACE…        NAMESPACE is a file under /run/netns; prints "ready", and works until it is ended
//
// In each namespace it answers for netfilter's queue 1: each packet is let through MILLISECONDS after it arrived, in the
// order of arrival. Only packet numbers come here (the packets stay in the kernel, and whole), so it costs little at full
// speed. The rule that queues is netlab.py's, on the way in: on the way out, a packet that is held still counts as the
// sending socket's, which would stop sending.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "delay: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

/// A netlink message to the queue, put together attribute by attribute.
class Message {
public:
  Message(int type, int flags) {
    header()->nlmsg_len = NLMSG_LENGTH(sizeof(nfgenmsg));
    header()->nlmsg_type = static_cast<std::uint16_t>((NFNL_SUBSYS_QUEUE << 8) | type);
    header()->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    auto* family = static_cast<nfgenmsg*>(NLMSG_DATA(header()));
    family->nfgen_family = AF_UNSPEC;
    family->version = NFNETLINK_V0;
    family->res_id = htons(1);  // the number of the queue
  }
  template <class Value>
  Message& add(int type, const Value& value) {
    nlattr attribute{static_cast<std::uint16_t>(NLA_HDRLEN + sizeof value), static_cast<std::uint16_t>(type)};
    auto* at = bytes_.data() + NLMSG_ALIGN(header()->nlmsg_len);
    std::memcpy(at, &attribute, sizeof attribute);
    std::memcpy(at + NLA_HDRLEN, &value, sizeof value);
    header()->nlmsg_len = static_cast<std::uint32_t>(NLMSG_ALIGN(header()->nlmsg_len) + NLA_ALIGN(attribute.nla_len));
    return *this;
  }
  bool send(int fd) const { return ::send(fd, bytes_.data(), header()->nlmsg_len, 0) >= 0; }

private:
  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  const nlmsghdr* header() const { return reinterpret_cast<const nlmsghdr*>(bytes_.data()); }
  alignas(nlmsghdr) std::array<char, 256> bytes_{};
};

struct Link {
  struct Packet {
    std::uint32_t number;
    Clock::time_point due;
  };
  int fd = -1;
  std::deque<Packet> held;
};

void configure(int fd, const Message& message) {
  if (!message.send(fd)) give_up("cannot send to the kernel");
  alignas(nlmsghdr) char answer[4096];
  if (::recv(fd, answer, sizeof answer, 0) < 0) give_up("the kernel does not answer");
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer);
  const auto* verdict = static_cast<const nlmsgerr*>(NLMSG_DATA(header));
  if (header->nlmsg_type != NLMSG_ERROR || verdict->error == 0) return;
  errno = -verdict->error;
  give_up("no queue to be had");
}

Link open_link(const char* name_space) {
  const int place = ::open(name_space, O_RDONLY | O_CLOEXEC);
  if (place < 0 || ::setns(place, CLONE_NEWNET) != 0) give_up(name_space);
  ::close(place);
  Link link;
  link.fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (link.fd < 0 || ::bind(link.fd, reinterpret_cast<sockaddr*>(&self), sizeof self) != 0) give_up("cannot open netlink");
  const int room = 16 << 20, on = 1;
  ::setsockopt(link.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  ::setsockopt(link.fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on);
  configure(link.fd, Message(NFQNL_MSG_CONFIG, NLM_F_ACK).add(NFQA_CFG_CMD, nfqnl_msg_config_cmd{NFQNL_CFG_CMD_BIND, 0, htons(AF_INET)}));
  const std::uint32_t whole = htonl(NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN);
  configure(link.fd, Message(NFQNL_MSG_CONFIG, NLM_F_ACK)
                         .add(NFQA_CFG_PARAMS, nfqnl_msg_config_params{0, NFQNL_COPY_META})
                         .add(NFQA_CFG_QUEUE_MAXLEN, htonl(200'000))
                         .add(NFQA_CFG_FLAGS, whole)
                         .add(NFQA_CFG_MASK, whole));
  ::fcntl(link.fd, F_SETFL, O_NONBLOCK);
  return link;
}

void note_packets(Link& link, Clock::time_point due) {
  alignas(nlmsghdr) static char buffer[1 << 18];
  for (ssize_t got; (got = ::recv(link.fd, buffer, sizeof buffer, 0)) > 0;) {
    auto left = static_cast<std::size_t>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type != ((NFNL_SUBSYS_QUEUE << 8) | NFQNL_MSG_PACKET)) continue;
      const auto* end = reinterpret_cast<char*>(message) + message->nlmsg_len;
      for (auto* at = static_cast<char*>(NLMSG_DATA(message)) + NLMSG_ALIGN(sizeof(nfgenmsg)); at < end;) {
        const auto* attribute = reinterpret_cast<const nlattr*>(at);
        if ((attribute->nla_type & NLA_TYPE_MASK) == NFQA_PACKET_HDR) {
          nfqnl_msg_packet_hdr packet;
          std::memcpy(&packet, at + NLA_HDRLEN, sizeof packet);
          link.held.push_back({ntohl(packet.packet_id), due});
          break;
        }
        at += NLA_ALIGN(attribute->nla_len);
      }
    }
  }
}

// One verdict covers all packets up to the one that it names.
void let_through(Link& link, Clock::time_point now) {
  std::uint32_t last = 0;
  bool any = false;
  for (; !link.held.empty() && link.held.front().due <= now; link.held.pop_front()) {
    last = link.held.front().number;
    any = true;
  }
  if (!any) return;
  const auto verdict = Message(NFQNL_MSG_VERDICT_BATCH, 0).add(NFQA_VERDICT_HDR, nfqnl_msg_verdict_hdr{htonl(NF_ACCEPT), htonl(last)});
  while (!verdict.send(link.fd))
    if (errno != EAGAIN && errno != EINTR) give_up("cannot let packets through");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: delay MILLISECONDS NAMESPACE…\n");
    return 64;
  }
  const auto time = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double, std::milli>(std::atof(argv[1])));
  std::vector<Link> links;
  for (int i = 2; i < argc; ++i) links.push_back(open_link(argv[i]));
  std::puts("ready");
  std::fflush(stdout);
  std::vector<pollfd> fds;
  for (const auto& link : links) fds.push_back({link.fd, POLLIN, 0});
  for (;;) {
    auto next = Clock::time_point::max();
    for (const auto& link : links)
      if (!link.held.empty()) next = std::min(next, link.held.front().due);
    const auto left = std::chrono::nanoseconds(next - Clock::now()).count();
    const timespec wait{left > 0 ? left / 1'000'000'000 : 0, left > 0 ? left % 1'000'000'000 : 0};
    ::ppoll(fds.data(), fds.size(), next == Clock::time_point::max() ? nullptr : &wait, nullptr);
    const auto now = Clock::now();
    for (std::size_t i = 0; i < links.size(); ++i) {
      if (fds[i].revents) note_packets(links[i], now + time);
      let_through(links[i], now);
    }
  }
}
