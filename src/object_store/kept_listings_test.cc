#include "object_store/kept_listings.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

WholeListing Listing(int64_t listed_ns) { return {.objects = {{.key = "a"}}, .next = 0, .listed_ns = listed_ns}; }

TEST(KeptListings, GivesEachOnceAndNoOldOne) {
  KeptListings listings;
  listings.Keep("p/", "p/1", Listing(5));
  EXPECT_FALSE(listings.Take("p/", "p/2", 5));
  EXPECT_FALSE(listings.Take("", "p/1", 5));
  EXPECT_EQ(listings.Take("p/", "p/1", 5)->listed_ns, 5);
  EXPECT_FALSE(listings.Take("p/", "p/1", 5)) << "it is taken";
  listings.Keep("p/", "p/1", Listing(5));
  EXPECT_FALSE(listings.Take("p/", "p/1", 6 + KeptListings::kAgeNanosMax));
}

TEST(KeptListings, KeepsTheNewestOfAPlaceAndNotTooMany) {
  KeptListings listings;
  listings.Keep("", "k", Listing(1));
  listings.Keep("", "k", Listing(2));
  EXPECT_EQ(listings.Take("", "k", 2)->listed_ns, 2);
  EXPECT_FALSE(listings.Take("", "k", 2));
  for (size_t i = 0; i <= KeptListings::kListingsMax; ++i) listings.Keep("", std::to_string(i), Listing(3));
  EXPECT_FALSE(listings.Take("", "0", 3));
  EXPECT_TRUE(listings.Take("", "1", 3));
}

}  // namespace
}  // namespace gigapi
