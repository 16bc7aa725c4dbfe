// A growable array of plain values whose new elements are left uninitialised: what a parser fills and a WAL writes.
// Not thread-safe. Moves, does not copy by accident: Clone() is explicit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace gigapi {

template <typename T>
class PodVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  PodVector() = default;
  explicit PodVector(size_t size) { Resize(size); }
  PodVector(const PodVector&) = delete;
  PodVector& operator=(const PodVector&) = delete;
  PodVector(PodVector&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  PodVector& operator=(PodVector&& other) noexcept {
    if (this != &other) {
      std::free(data_);
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  ~PodVector() { std::free(data_); }

  PodVector Clone() const {
    PodVector copy;
    copy.Append(data_, size_);
    return copy;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  std::span<const T> span() const { return {data_, size_}; }
  size_t MemoryBytes() const { return capacity_ * sizeof(T); }

  void Reserve(size_t capacity) {
    if (capacity > capacity_) Reallocate(capacity);
  }
  /// New elements are uninitialised.
  void Resize(size_t size) {
    if (size > capacity_) Grow(size);
    size_ = size;
  }
  void Resize(size_t size, T value) {
    const size_t old = size_;
    Resize(size);
    for (size_t i = old; i < size; ++i) data_[i] = value;
  }
  void Clear() { size_ = 0; }
  void PushBack(T value) {
    if (size_ == capacity_) Grow(size_ + 1);
    data_[size_++] = value;
  }
  void Append(const T* values, size_t count) {
    if (count == 0) return;
    if (size_ + count > capacity_) Grow(size_ + count);
    std::memcpy(data_ + size_, values, count * sizeof(T));
    size_ += count;
  }
  /// Gives memory back when a good part of it is unused.
  void ShrinkIfLoose() {
    if (capacity_ - size_ > size_ / 8 + 16) Reallocate(size_);
  }

 private:
  void Grow(size_t size) { Reallocate(std::max(size, capacity_ + capacity_ / 2 + 16)); }
  void Reallocate(size_t capacity) {
    if (capacity == 0) {
      std::free(data_);
      data_ = nullptr;
      capacity_ = 0;
      return;
    }
    void* data = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
    if (data == nullptr) throw std::bad_alloc();
    data_ = static_cast<T*>(data);
    capacity_ = capacity;
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace gigapi
