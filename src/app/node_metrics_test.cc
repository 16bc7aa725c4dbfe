#include "app/node_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string PageOf(const NodeStorage& storage) {
  Exposition page;
  WriteStorage(storage, &page);
  return page.Take();
}

TEST(NodeMetrics, CountACatalogThatNoLayerHas) {
  const auto layer = std::make_shared<const Layer>(LayerOptions{.name = "s3"}, MakeMemoryStore(), nullptr);
  const std::shared_ptr<ObjectStore> apart = MakeMemoryStore();
  ASSERT_TRUE(apart->PutIfAbsent("a", "x").ok());
  const std::string page = PageOf({.layers = {layer}, .shared_catalog = apart});
  EXPECT_THAT(page, HasSubstr("gigapi_store_put_requests_total{layer=\"s3\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("gigapi_store_put_requests_total{store=\"catalog\"} 1\n"));

  const std::shared_ptr<ObjectStore> in_layer(layer, layer->store());
  EXPECT_THAT(PageOf({.layers = {layer}, .shared_catalog = in_layer}), Not(HasSubstr("store=\"catalog\"")));
  EXPECT_THAT(PageOf({.layers = {layer}}), Not(HasSubstr("store=\"catalog\"")));
}

}  // namespace
}  // namespace gigapi
