using System.Runtime.InteropServices;

namespace Menuet.Generation.Embedded;

/// <summary>
/// A conditional U-Net for digits of 28 x 28 pixels: from a noisy image, its time and its conditions to v = cos(π t/2) ε − sin(π t/2) x₀, where
/// the noisy image is cos(π t/2) x₀ + sin(π t/2) ε and ε is standard normal. Holds working memory: one instance for each thread.
/// </summary>
/// <remarks>
/// Source: Ronneberger, Fischer and Brox 2015 (U-Net); Ho, Jain and Abbeel 2020 (denoising); Salimans and Ho 2022, Sec. 4 (v-prediction); Nichol
/// and Dhariwal 2021 (cosine schedule). Trained by tools/train_digits.py, with which it agrees to 1e-5.
/// </remarks>
internal sealed unsafe class Denoiser : IDisposable
{
    /// <summary>Pixels across and down.</summary>
    internal const int Width = 28;

    /// <summary>Pixels of an image.</summary>
    internal const int Pixels = Width * Width;

    /// <summary>10 classes, 3 traits, and whether class, slant, thickness and width are given.</summary>
    internal const int Conditions = 17;

    private const int Frequencies = 8;
    private const int Embedding = 64;

    private readonly TensorFile weights = TensorFile.Weights;
    private readonly float[] features = new float[(2 * Frequencies) + Conditions];
    private readonly float[] hidden = new float[Embedding];
    private readonly float[] embedding = new float[Embedding];
    private float* memory;
    private readonly float* entry;
    private readonly Block down1;
    private readonly Block down2;
    private readonly Block down3;
    private readonly Block middle1;
    private readonly Block middle2;
    private readonly Block up2;
    private readonly Block up1;
    private readonly float* full;
    private readonly float* fullSkip;
    private readonly float* half;
    private readonly float* halfSkip;
    private readonly float* quarter;
    private readonly float* quarterNext;
    private readonly float* joined;
    private readonly float* scratch;
    private readonly float* leaving;

    internal Denoiser()
    {
        const int Room = 400_000;
        memory = (float*)NativeMemory.AlignedAlloc(Room * sizeof(float), 64);
        new Span<float>(memory, Room).Clear();
        var used = 0;
        float* Take(int count)
        {
            var start = memory + used;
            used += (count + 15) / 16 * 16;
            return used <= Room ? start : throw new InvalidOperationException("the working memory is too small");
        }

        entry = Take(30 * 30);
        full = Take(Pixels * 16);
        fullSkip = Take(Pixels * 16);
        half = Take(196 * 32);
        halfSkip = Take(196 * 32);
        quarter = Take(49 * 48);
        quarterNext = Take(49 * 48);
        joined = Take(Pixels * 48);
        scratch = Take(Pixels * 48);
        // Images with an edge of zeros, which nothing overwrites: one for each size and number of channels.
        var edged = new Dictionary<(int, int), nint>();
        float* Edged(int width, int channels)
        {
            if (!edged.TryGetValue((width, channels), out var image))
                edged[(width, channels)] = image = (nint)Take((width + 2) * (width + 2) * channels);
            return (float*)image;
        }

        Block Of(string name, int width, int inputs, int outputs) =>
            new(weights, "denoiser." + name, width, inputs, outputs, (nint)Edged(width, inputs), (nint)Edged(width, outputs), (nint)scratch);

        down1 = Of("down1", 28, 16, 16);
        down2 = Of("down2", 14, 16, 32);
        down3 = Of("down3", 7, 32, 48);
        middle1 = Of("middle1", 7, 48, 48);
        middle2 = Of("middle2", 7, 48, 48);
        up2 = Of("up2", 14, 80, 32);
        up1 = Of("up1", 28, 48, 16);
        leaving = Edged(28, 16);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
        GC.SuppressFinalize(this);
    }

    ~Denoiser() => NativeMemory.AlignedFree(memory);

    /// <summary>Predicts v.</summary>
    /// <param name="noisy">The noisy image, [28, 28].</param>
    /// <param name="time">t in [0, 1]: 0 is the image itself, 1 is pure noise.</param>
    /// <param name="conditions">[17]; zeros where nothing is given.</param>
    /// <param name="v">Result, [28, 28].</param>
    internal void Predict(ReadOnlySpan<float> noisy, float time, ReadOnlySpan<float> conditions, Span<float> v)
    {
        Embed(time, conditions);
        for (var y = 0; y < Width; y++)
            noisy.Slice(y * Width, Width).CopyTo(new(entry + ((y + 1) * 30) + 1, Width));
        Convolution.Run(entry, 1, 28, 3, weights["denoiser.enter.weight"], weights["denoiser.enter.bias"], full, 16);
        down1.Run(full, fullSkip, embedding);
        Elementwise.Halve(fullSkip, 28, 16, half);
        down2.Run(half, halfSkip, embedding);
        Elementwise.Halve(halfSkip, 14, 32, quarter);
        down3.Run(quarter, quarterNext, embedding);
        middle1.Run(quarterNext, quarter, embedding);
        middle2.Run(quarter, quarterNext, embedding);
        Elementwise.DoubleAndJoin(quarterNext, 7, 48, halfSkip, 32, joined);
        up2.Run(joined, half, embedding);
        Elementwise.DoubleAndJoin(half, 14, 32, fullSkip, 16, joined);
        up1.Run(joined, full, embedding);
        Span<float> factor = stackalloc float[16], offset = stackalloc float[16];
        Elementwise.Normalise(full, 28, weights["denoiser.norm.weight"], weights["denoiser.norm.bias"], null, factor, offset);
        Elementwise.ActivateInto(full, 28, factor, offset, leaving);
        fixed (float* result = v)
            Convolution.Run(leaving, 16, 28, 3, weights["denoiser.leave.weight"], weights["denoiser.leave.bias"], result, 1);
        GC.KeepAlive(this);
    }

    /// <summary>Sines and cosines of the time at frequencies π/4 · 2^k, and the conditions, through two layers.</summary>
    private void Embed(float time, ReadOnlySpan<float> conditions)
    {
        for (var k = 0; k < Frequencies; k++)
            (features[k], features[Frequencies + k]) = (MathF.Sin(time * (float)(Math.PI / 4 * (1 << k))), MathF.Cos(time * (float)(Math.PI / 4 * (1 << k))));
        conditions.CopyTo(features.AsSpan(2 * Frequencies));
        Elementwise.Multiply(features, weights["denoiser.embed1.weight"], weights["denoiser.embed1.bias"], hidden);
        Elementwise.Silu(hidden);
        Elementwise.Multiply(hidden, weights["denoiser.embed2.weight"], weights["denoiser.embed2.bias"], embedding);
        Elementwise.Silu(embedding);
    }

    /// <summary>x + convolve(silu(modulate(normalise(convolve(silu(normalise(x))))))), x through a 1 x 1 convolution where the channels change.</summary>
    private sealed class Block(TensorFile weights, string name, int width, int inputs, int outputs, nint edgedIn, nint edgedOut, nint scratch)
    {
        private readonly float[] norm1 = weights[name + ".norm1.weight"];
        private readonly float[] shift1 = weights[name + ".norm1.bias"];
        private readonly float[] conv1 = weights[name + ".conv1.weight"];
        private readonly float[] bias1 = weights[name + ".conv1.bias"];
        private readonly float[] modulate = weights[name + ".modulate.weight"];
        private readonly float[] modulateBias = weights[name + ".modulate.bias"];
        private readonly float[] norm2 = weights[name + ".norm2.weight"];
        private readonly float[] shift2 = weights[name + ".norm2.bias"];
        private readonly float[] conv2 = weights[name + ".conv2.weight"];
        private readonly float[] bias2 = weights[name + ".conv2.bias"];
        private readonly float[] skip = inputs == outputs ? [] : weights[name + ".skip.weight"];
        private readonly float[] skipBias = inputs == outputs ? [] : weights[name + ".skip.bias"];
        private readonly float[] modulation = new float[2 * outputs];
        private readonly float[] factor = new float[Math.Max(inputs, outputs)];
        private readonly float[] offset = new float[Math.Max(inputs, outputs)];

        internal void Run(float* x, float* result, float[] embedding)
        {
            var between = (float*)scratch;
            Elementwise.Normalise(x, width, norm1, shift1, null, factor, offset);
            Elementwise.ActivateInto(x, width, factor.AsSpan(0, inputs), offset.AsSpan(0, inputs), (float*)edgedIn);
            Convolution.Run((float*)edgedIn, inputs, width, 3, conv1, bias1, between, outputs);
            Elementwise.Multiply(embedding, modulate, modulateBias, modulation);
            fixed (float* change = modulation)
                Elementwise.Normalise(between, width, norm2, shift2, change, factor, offset);
            Elementwise.ActivateInto(between, width, factor.AsSpan(0, outputs), offset.AsSpan(0, outputs), (float*)edgedOut);
            Convolution.Run((float*)edgedOut, outputs, width, 3, conv2, bias2, result, outputs);
            if (skip.Length == 0)
            {
                Elementwise.Add(x, result, width * width * outputs);
            }
            else
            {
                Convolution.Run(x, inputs, width, 1, skip, skipBias, between, outputs);
                Elementwise.Add(between, result, width * width * outputs);
            }
        }
    }
}
