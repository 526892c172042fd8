#include "tests/support/pictures.h"

#include <memory>

#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

namespace banel {

Image decode_png(const std::string& bytes) {
  Image image;
  int channels = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const unsigned char*>(bytes.data()),
                            static_cast<int>(bytes.size()), &image.width, &image.height, &channels, 3),
      stbi_image_free);
  REQUIRE(pixels);
  image.rgb.assign(pixels.get(), pixels.get() + 3 * image.width * image.height);
  return image;
}

}  // namespace banel
