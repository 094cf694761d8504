namespace Menuet.Generation.Imaging;

/// <summary>Many small images on one large.</summary>
public static class Sheet
{
    /// <summary>Lays images side by side, line after line, on light grey; in colour where one of them is, transparent pixels on white.</summary>
    /// <param name="images">At least one; each has as much room as the largest.</param>
    /// <param name="scale">How many pixels across each pixel becomes, ≥ 1.</param>
    /// <param name="columns">Images in a line; 0: as many as lines, or one more.</param>
    /// <exception cref="InvalidRequestException">The sheet would be larger than <see cref="Png.MaxPixels"/>.</exception>
    public static Image Of(IReadOnlyList<Image> images, int scale = 1, int columns = 0)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfZero(images.Count, nameof(images));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        const int Gap = 2;
        const byte Ground = 200;
        columns = columns == 0 ? (int)Math.Ceiling(Math.Sqrt(images.Count)) : Math.Min(columns, images.Count);
        var rows = (images.Count + columns - 1) / columns;
        var (across, down) = (images.Max(image => (long)image.Width) * scale, images.Max(image => (long)image.Height) * scale);
        var gap = images.Count == 1 ? 0 : Gap;
        var (width, height) = ((columns * (across + gap)) + gap, (rows * (down + gap)) + gap);
        if (width * height > Png.MaxPixels)
        {
            throw new InvalidRequestException([new("sheet", $"would have {width} x {height} pixels; at most {Png.MaxPixels} are written")]);
        }

        var channels = images.Any(image => image.Channels > 2) ? 3 : 1;
        var pixels = new byte[width * height * channels];
        Array.Fill(pixels, Ground);
        for (var i = 0; i < images.Count; i++)
        {
            var (left, top) = ((i % columns * (across + gap)) + gap, (i / columns * (down + gap)) + gap);
            for (var y = 0; y < images[i].Height * scale; y++)
            {
                for (var x = 0; x < images[i].Width * scale; x++)
                    Paint(images[i], x / scale, y / scale, pixels.AsSpan((int)((((top + y) * width) + left + x) * channels), channels));
            }
        }

        return new((int)width, (int)height, channels, pixels);
    }

    private static void Paint(Image image, int x, int y, Span<byte> to)
    {
        var from = image.Pixels.Slice(((y * image.Width) + x) * image.Channels, image.Channels);
        var alpha = image.Channels is 2 or 4 ? from[^1] : byte.MaxValue;
        for (var c = 0; c < to.Length; c++)
        {
            var value = image.Channels < 3 ? from[0] : from[c];
            to[c] = (byte)(255 + ((value - 255) * alpha / 255));
        }
    }
}
