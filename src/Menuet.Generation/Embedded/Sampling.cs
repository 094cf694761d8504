namespace Menuet.Generation.Embedded;

/// <summary>How an image is drawn from noise.</summary>
internal sealed record Sampling
{
    /// <summary>S, denoising steps, from 1 to 1000.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>
    /// η in [0, 1]: how much of the noise that a step takes away is put back anew. 0 is DDIM (deterministic after the first noise), 1 is DDPM.
    /// </summary>
    public double Noise { get; init; } = 1;

    /// <summary>w ≥ 0 of classifier-free guidance, (1 + w) v(conditions) − w v(none); 0 asks the network once a step, otherwise twice.</summary>
    public double Guidance { get; init; }

    /// <summary>How often each step of inpainting is drawn, going back by one step in between; from 1 to 100.</summary>
    public int Resamplings { get; init; } = 3;

    /// <summary>Another seed, another image.</summary>
    public ulong Seed { get; init; }

    internal void Require()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Steps, 1000);
        ArgumentOutOfRangeException.ThrowIfLessThan(Resamplings, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Resamplings, 100);
        if (!(Noise >= 0 && Noise <= 1) || !(Guidance >= 0 && Guidance <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(Sampling), "noise must be from 0 to 1 and guidance from 0 to 100");
        }
    }
}

/// <summary>Draws images by denoising in S equal steps of time, from pure noise at t = 1 to t = 0; one instance for each thread.</summary>
/// <remarks>
/// Source: Song, Meng and Ermon 2021, Eq. (12) and (16) (DDIM; DDPM is η = 1); Ho and Salimans 2022 (guidance); Lugmayr et al. 2022, Algorithm 1
/// (RePaint). x₀ is clipped to [−1, 1] in each step. Deviates: RePaint's jumps have a length of one step here.
/// </remarks>
internal sealed class Sampler : IDisposable
{
    private static readonly float[] Nothing = new float[Denoiser.Conditions];

    private readonly Denoiser denoiser = new();
    private readonly float[] v = new float[Denoiser.Pixels];
    private readonly float[] free = new float[Denoiser.Pixels];

    /// <inheritdoc/>
    public void Dispose() => denoiser.Dispose();

    /// <summary>Draws a new image, from −1 (paper) to 1 (ink).</summary>
    /// <param name="conditions">[17].</param>
    /// <param name="sampling">How.</param>
    /// <param name="index">Which image of the seed: images differ, whatever is drawn beside them.</param>
    /// <param name="image">Result, [28, 28].</param>
    /// <param name="cancellation">Ends the work between steps.</param>
    internal void Draw(float[] conditions, Sampling sampling, ulong index, Span<float> image, CancellationToken cancellation)
    {
        var random = Rng.Stream(sampling.Seed, index);
        FillWithNoise(image, ref random);
        for (var step = sampling.Steps; step > 0; step--)
        {
            cancellation.ThrowIfCancellationRequested();
            Step(image, conditions, sampling, (double)step / sampling.Steps, (step - 1.0) / sampling.Steps, ref random);
        }
    }

    /// <summary>Draws what a mask leaves open, so that it fits what the image shows elsewhere.</summary>
    /// <param name="known">The image, [28, 28]; what lies under the mask is not read.</param>
    /// <param name="open">True where to draw, [28, 28].</param>
    /// <param name="conditions">[17].</param>
    /// <param name="sampling">How.</param>
    /// <param name="index">Which image of the seed.</param>
    /// <param name="image">Result, [28, 28]; equal to the known image outside the mask.</param>
    /// <param name="cancellation">Ends the work between steps.</param>
    internal void Inpaint(ReadOnlySpan<float> known, ReadOnlySpan<bool> open, float[] conditions, Sampling sampling, ulong index, Span<float> image, CancellationToken cancellation)
    {
        var random = Rng.Stream(sampling.Seed, index);
        FillWithNoise(image, ref random);
        for (var step = sampling.Steps; step > 0; step--)
        {
            var (from, to) = ((double)step / sampling.Steps, (step - 1.0) / sampling.Steps);
            for (var round = 1; round <= sampling.Resamplings; round++)
            {
                cancellation.ThrowIfCancellationRequested();
                Step(image, conditions, sampling, from, to, ref random);
                var (signal, noise) = Levels(to);
                for (var p = 0; p < Denoiser.Pixels; p++)
                {
                    if (!open[p])
                    {
                        image[p] = step == 1 ? known[p] : (float)((signal * known[p]) + (noise * random.NextNormal()));
                    }
                }

                if (round < sampling.Resamplings)
                {
                    Back(image, from, to, ref random);
                }
            }
        }
    }

    /// <summary>Signal and noise at a time: cos(π t/2) and sin(π t/2).</summary>
    private static (double Signal, double Noise) Levels(double time) => time switch
    {
        0 => (1, 0),
        1 => (0, 1),
        _ => (Math.Cos(Math.PI / 2 * time), Math.Sin(Math.PI / 2 * time)),
    };

    private static void FillWithNoise(Span<float> image, ref Rng random)
    {
        for (var p = 0; p < image.Length; p++)
            image[p] = (float)random.NextNormal();
    }

    /// <summary>From the image at one time to the image at an earlier one.</summary>
    private void Step(Span<float> image, float[] conditions, Sampling sampling, double from, double to, ref Rng random)
    {
        denoiser.Predict(image, (float)from, conditions, v);
        if (sampling.Guidance > 0)
        {
            denoiser.Predict(image, (float)from, Nothing, free);
            for (var p = 0; p < v.Length; p++)
                v[p] += (float)sampling.Guidance * (v[p] - free[p]);
        }

        var (signal, noise) = Levels(from);
        var (nextSignal, nextNoise) = Levels(to);
        // The posterior's variance, σ²(s)/σ²(t) (1 − α²(t)/α²(s)), with η² of it drawn and the rest along the predicted noise.
        var ratio = signal / nextSignal;
        var fresh = sampling.Noise * nextNoise / noise * Math.Sqrt(Math.Max(0, 1 - (ratio * ratio)));
        var kept = Math.Sqrt(Math.Max(0, (nextNoise * nextNoise) - (fresh * fresh)));
        for (var p = 0; p < image.Length; p++)
        {
            var clean = Math.Clamp((signal * image[p]) - (noise * v[p]), -1, 1);
            var direction = (image[p] - (signal * clean)) / noise;
            image[p] = (float)((nextSignal * clean) + (kept * direction) + (fresh > 0 ? fresh * random.NextNormal() : 0));
        }
    }

    /// <summary>From the image at a time back to the noisier image at a later one.</summary>
    private static void Back(Span<float> image, double later, double time, ref Rng random)
    {
        var ratio = Levels(later).Signal / Levels(time).Signal;
        var noise = Math.Sqrt(1 - (ratio * ratio));
        for (var p = 0; p < image.Length; p++)
            image[p] = (float)((ratio * image[p]) + (noise * random.NextNormal()));
    }
}
