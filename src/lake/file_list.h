// The files of a table in a snapshot: blocks of some hours, which snapshots share, so that a table of many files costs a
// snapshot few of them after one hour has changed. Cheap to copy. Read from any thread once it is made.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "storage/data_file.h"

namespace gigapi {

class FileList {
 public:
  using Block = std::shared_ptr<const std::vector<DataFilePtr>>;

  FileList() = default;
  FileList(std::vector<DataFilePtr> files) { Append(std::make_shared<const std::vector<DataFilePtr>>(std::move(files))); }
  FileList(std::initializer_list<DataFilePtr> files) : FileList(std::vector<DataFilePtr>(files)) {}

  /// After those that are there.
  void Append(Block block) {
    if (block->empty()) return;
    begins_.push_back(size_);
    size_ += block->size();
    blocks_.push_back(std::move(block));
  }
  void push_back(DataFilePtr file) { Append(std::make_shared<const std::vector<DataFilePtr>>(1, std::move(file))); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Looks for the block: to go through all of them, iterate.
  const DataFilePtr& operator[](size_t index) const {
    const auto block = static_cast<size_t>(std::upper_bound(begins_.begin(), begins_.end(), index) - begins_.begin()) - 1;
    return (*blocks_[block])[index - begins_[block]];
  }

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = DataFilePtr;
    using difference_type = std::ptrdiff_t;
    using pointer = const DataFilePtr*;
    using reference = const DataFilePtr&;

    Iterator() = default;
    Iterator(const std::vector<Block>* blocks, size_t block) : blocks_(blocks), block_(block) {}
    reference operator*() const { return (*(*blocks_)[block_])[index_]; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      if (++index_ == (*blocks_)[block_]->size()) {
        index_ = 0;
        ++block_;
      }
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const std::vector<Block>* blocks_ = nullptr;
    size_t block_ = 0;
    size_t index_ = 0;
  };
  Iterator begin() const { return {&blocks_, 0}; }
  Iterator end() const { return {&blocks_, blocks_.size()}; }

 private:
  std::vector<Block> blocks_;   // none is empty
  std::vector<size_t> begins_;  // of each the position of its first file
  size_t size_ = 0;
};

}  // namespace gigapi
