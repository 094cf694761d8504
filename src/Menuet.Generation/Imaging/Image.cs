namespace Menuet.Generation.Imaging;

/// <summary>Pixels row by row from the top, one byte a channel.</summary>
public sealed class Image
{
    /// <summary>Masks are drawn anew where their luma is above.</summary>
    internal const double MiddleGrey = 127.5;

    private readonly byte[] pixels;

    /// <summary>Takes the pixels over; they are not copied.</summary>
    /// <param name="width">Columns, ≥ 1.</param>
    /// <param name="height">Rows, ≥ 1.</param>
    /// <param name="channels">1 grey, 2 grey and alpha, 3 red, green and blue, 4 these and alpha.</param>
    /// <param name="pixels">width × height × channels bytes.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public Image(int width, int height, int channels, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (channels is < 1 or > 4 || pixels.LongLength != (long)width * height * channels)
        {
            throw new ArgumentException($"{pixels.LongLength} bytes are not {width} x {height} pixels of {channels} channels", nameof(pixels));
        }

        (Width, Height, Channels, this.pixels) = (width, height, channels, pixels);
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>1 grey, 2 grey and alpha, 3 red, green and blue, 4 these and alpha.</summary>
    public int Channels { get; }

    /// <summary>Row by row, channels of a pixel side by side.</summary>
    public ReadOnlySpan<byte> Pixels => pixels;

    /// <summary>One row of luma on the scale 0 to 255: Y = 0.299 R + 0.587 G + 0.114 B; transparent pixels are laid on white.</summary>
    /// <param name="row">0 to Height − 1.</param>
    /// <param name="luma">At least Width long.</param>
    /// <remarks>Source: ITU-R BT.601, as in the reference implementation of Wang et al. 2004. Not rounded.</remarks>
    public void CopyLuma(int row, Span<double> luma)
    {
        var source = pixels.AsSpan(row * Width * Channels, Width * Channels);
        for (var x = 0; x < Width; x++)
        {
            var pixel = source.Slice(x * Channels, Channels);
            var value = Channels < 3 ? pixel[0] : (0.299 * pixel[0]) + (0.587 * pixel[1]) + (0.114 * pixel[2]);
            luma[x] = Channels is 1 or 3 || pixel[^1] == 255 ? value : 255 + ((value - 255) * pixel[^1] / 255);
        }
    }

    /// <summary>Whether any pixel is lighter than middle grey.</summary>
    internal bool IsLightAnywhere()
    {
        var line = new double[Width];
        for (var y = 0; y < Height; y++)
        {
            CopyLuma(y, line);
            if (Array.Exists(line, luma => luma > MiddleGrey))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A grey image of another size, each pixel the mean luma of the area that it stands for.</summary>
    /// <param name="width">≥ 1.</param>
    /// <param name="height">≥ 1.</param>
    internal Image Resized(int width, int height)
    {
        if (Channels == 1 && (Width, Height) == (width, height))
        {
            return this;
        }

        var (sums, line) = (new double[width * height], new double[Width]);
        for (var y = 0; y < Height; y++)
        {
            CopyLuma(y, line);
            foreach (var (row, down) in Shares(y, Height, height))
            {
                for (var x = 0; x < Width; x++)
                {
                    foreach (var (column, across) in Shares(x, Width, width))
                        sums[(row * width) + column] += down * across * line[x];
                }
            }
        }

        return new(width, height, 1, Array.ConvertAll(sums, sum => (byte)Math.Clamp(Math.Round(sum), 0, 255)));
    }

    /// <summary>Which of the new pixels an old one takes part in, and its share in each of them.</summary>
    private static IEnumerable<(int Place, double Share)> Shares(int place, int from, int to)
    {
        var (start, end) = ((double)place * to / from, (double)(place + 1) * to / from);
        for (var i = (int)start; i < to && i < end; i++)
            yield return (i, Math.Min(end, i + 1) - Math.Max(start, i));
    }
}
