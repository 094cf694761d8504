using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Menuet.Generation.Imaging;

namespace Menuet.Generation.Embedded;

/// <summary>Draws digits of 28 x 28 pixels, black on white, by a diffusion model that is part of the program: offline, seeded, the same bits on any number of threads.</summary>
/// <remarks>Prompts are those of <see cref="DigitPrompt"/>. With a source and a mask it draws what the mask leaves open so that it fits the rest (RePaint); what is known stays to the bit.</remarks>
public sealed class DigitGenerator : IImageGenerator
{
    /// <summary>The name of this backend.</summary>
    public const string Backend = "embedded";

    /// <summary>Pixels across and down.</summary>
    public const int Width = Denoiser.Width;

    private readonly ConcurrentBag<Sampler> idle = [];
    private readonly Sampling sampling;

    /// <summary>Working memory is made as it is needed, for as many images as are drawn at a time.</summary>
    /// <param name="noise">η in [0, 1]: 0 DDIM, deterministic after the first noise; 1 DDPM.</param>
    /// <param name="guidance">w in [0, 100] of classifier-free guidance; above 0 each step costs twice.</param>
    /// <param name="resamplings">How often each step of inpainting is drawn, from 1 to 100.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public DigitGenerator(double noise = 1, double guidance = 0, int resamplings = 3)
    {
        sampling = new() { Noise = noise, Guidance = guidance, Resamplings = resamplings };
        sampling.Require();
    }

    /// <inheritdoc/>
    public string Name => Backend;

    /// <inheritdoc/>
    public bool TakesSteps => true;

    /// <inheritdoc/>
    public void Dispose()
    {
        while (idle.TryTake(out var sampler))
            sampler.Dispose();
    }

    /// <inheritdoc/>
    public Task<GeneratedImage> GenerateAsync(ImageOrder order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        return Task.Run(() => Generate(order, cancellation), cancellation);
    }

    private GeneratedImage Generate(ImageOrder order, CancellationToken cancellation)
    {
        Require(order);
        var prompt = DigitPrompt.Read(order.Prompt);
        if (!prompt.IsUnderstood)
        {
            throw new InvalidRequestException([new("prompt", $"no word of it means anything here: {prompt.Quoted}; known: {DigitPrompt.Vocabulary}")]);
        }

        var wanted = sampling with { Steps = order.Steps ?? sampling.Steps, Seed = order.Seed ?? 0 };
        var (conditions, ink) = (prompt.Digit.Conditions(), new float[Denoiser.Pixels]);
        var start = Stopwatch.GetTimestamp();
        var sampler = idle.TryTake(out var rested) ? rested : new();
        try
        {
            if (order.Source is null)
            {
                sampler.Draw(conditions, wanted, order.Index, ink, cancellation);
            }
            else
            {
                sampler.Inpaint(Ink(order.Source), Array.ConvertAll(Ink(order.Mask!), value => value < 0), conditions, wanted, order.Index, ink, cancellation);
            }
        }
        finally
        {
            idle.Add(sampler);
        }

        var time = Stopwatch.GetElapsedTime(start);
        var content = Content.Of(order.Label, Png.Write(Picture(ink)));
        var request = new JsonObject
        {
            ["prompt"] = order.Prompt,
            ["steps"] = wanted.Steps,
            ["seed"] = wanted.Seed,
            ["index"] = order.Index,
            ["noise"] = wanted.Noise,
            ["guidance"] = wanted.Guidance,
        };
        if (order.Source is not null)
        {
            request["resamplings"] = wanted.Resamplings;
        }

        return new(content, GenerationRecord.Of(Name, null, request, content, tries: 1, time, []))
        {
            Notes = prompt.Unknown.IsEmpty ? [] : [$"passed over: {prompt.Quoted}; known: {DigitPrompt.Vocabulary}"],
        };
    }

    private void Require(ImageOrder order)
    {
        order.Require(this, needsPrompt: false);
        var sizes = new (string Name, (int, int) Size)[]
        {
            ("image", (order.Source?.Width ?? Width, order.Source?.Height ?? Width)),
            ("mask", (order.Mask?.Width ?? Width, order.Mask?.Height ?? Width)),
            ("size", (order.Width ?? Width, order.Height ?? Width)),
        };
        List<Problem> problems =
            [.. sizes.Where(input => input.Size != (Width, Width)).Select(input => new Problem(input.Name, $"is {input.Size.Item1} x {input.Size.Item2}; the embedded generator draws {Width} x {Width}"))];
        if (order.Sampler is not null)
        {
            problems.Add(new("sampler", "belongs to the backend webui; the embedded generator is told its noise instead"));
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException([.. problems]);
        }
    }

    /// <summary>From −1 (paper) to 1 (ink), out of luma from 255 (white) to 0 (black).</summary>
    internal static float[] Ink(Image image)
    {
        var ink = new float[image.Width * image.Height];
        var line = new double[image.Width];
        for (var y = 0; y < image.Height; y++)
        {
            image.CopyLuma(y, line);
            for (var x = 0; x < image.Width; x++)
                ink[(y * image.Width) + x] = (float)(1 - (line[x] * 2 / 255));
        }

        return ink;
    }

    internal static Image Picture(ReadOnlySpan<float> ink)
    {
        var pixels = new byte[ink.Length];
        for (var p = 0; p < pixels.Length; p++)
            pixels[p] = (byte)Math.Round(Math.Clamp((1 - ink[p]) * 127.5, 0, 255), MidpointRounding.AwayFromZero);
        return new(Width, Width, 1, pixels);
    }
}
