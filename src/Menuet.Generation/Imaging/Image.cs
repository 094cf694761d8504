namespace Menuet.Generation.Imaging;

/// <summary>Pixels row by row from the top, one byte a channel.</summary>
public sealed class Image
{
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
}
