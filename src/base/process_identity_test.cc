#include "base/process_identity.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace gigapi {
namespace {

TEST(ProcessIdentity, TellsWhetherAProcessHasEnded) {
  const std::string own = ProcessIdentity();
  ASSERT_FALSE(own.empty());
  EXPECT_FALSE(HasProcessEnded(own));
  std::array<int, 2> said{}, end{};
  ASSERT_TRUE(::pipe(said.data()) == 0 && ::pipe(end.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string mine = ProcessIdentity();
    char byte = 0;
    const bool done = ::write(said[1], mine.data(), mine.size()) > 0 && ::read(end[0], &byte, 1) == 1;
    ::_exit(done ? 0 : 1);
  }
  std::string of_child(256, '\0');
  of_child.resize(static_cast<size_t>(::read(said[0], of_child.data(), of_child.size())));
  EXPECT_NE(of_child, own);
  EXPECT_FALSE(HasProcessEnded(of_child));
  ASSERT_EQ(::write(end[1], "x", 1), 1);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(HasProcessEnded(of_child));
  for (const int fd : {said[0], said[1], end[0], end[1]}) ::close(fd);
}

TEST(ProcessIdentity, OfAnotherMachineNothingIsKnown) {
  const std::string own = ProcessIdentity();
  for (const std::string& other : {std::string(), "x" + own, own.substr(0, own.find('/')), std::string("a/1/2/3/4")}) {
    EXPECT_FALSE(HasProcessEnded(other)) << other;
  }
  EXPECT_TRUE(HasProcessEnded(own + "1")) << "its number was given again";
}

}  // namespace
}  // namespace gigapi
