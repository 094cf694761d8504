namespace Menuet.Generation.Imaging;

/// <summary>Many small images on one large.</summary>
public static class Sheet
{
    /// <summary>Lays grey images of one size side by side, line after line, on light grey.</summary>
    /// <param name="images">At least one.</param>
    /// <param name="scale">How many pixels across each pixel becomes, ≥ 1.</param>
    /// <param name="columns">Images in a line; 0: as many as lines, or one more.</param>
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
        var (across, down) = (images[0].Width * scale, images[0].Height * scale);
        var gap = images.Count == 1 ? 0 : Gap;
        var (width, height) = ((columns * (across + gap)) + gap, (rows * (down + gap)) + gap);
        var pixels = new byte[width * height];
        Array.Fill(pixels, Ground);
        for (var i = 0; i < images.Count; i++)
        {
            var (left, top) = ((i % columns * (across + gap)) + gap, (i / columns * (down + gap)) + gap);
            for (var y = 0; y < down; y++)
            {
                for (var x = 0; x < across; x++)
                    pixels[((top + y) * width) + left + x] = images[i].Pixels[(y / scale * images[i].Width) + (x / scale)];
            }
        }

        return new(width, height, 1, pixels);
    }
}
