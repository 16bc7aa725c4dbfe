#include "object_store/testing/server_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace gigapi {

int FreeLoopbackPort() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  (void)::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  (void)::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(listener);
  return ntohs(address.sin_port);
}

Status MakeLoopbackCertificate(const std::string& directory) {
  const std::string command = "cd '" + directory +
                              "' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
                              "-keyout private.key -out public.crt -subj /CN=test -addext subjectAltName=IP:127.0.0.1 "
                              ">openssl.log 2>&1";
  return std::system(command.c_str()) == 0 ? Status::OK() : Status::IOError("openssl makes no certificate");
}

Status ServerProcess::Start(const std::string& program, const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  process_ = ::fork();
  if (process_ < 0) return Status::IOError("fork");
  if (process_ > 0) return Status::OK();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const std::string& variable : environment) ::putenv(const_cast<char*>(variable.c_str()));
  ::execvp(program.c_str(), argv.data());
  ::_exit(127);
}

void ServerProcess::Kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

void ServerProcess::Signal(int signal) const {
  if (process_ > 0) ::kill(process_, signal);
}

bool ServerProcess::IsRunning() {
  if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
  return process_ > 0;
}

}  // namespace gigapi
