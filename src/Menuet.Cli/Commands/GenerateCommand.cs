using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Menuet.Generation.Embedded;
using Menuet.Generation.External;
using Menuet.Generation.Imaging;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet generate PROMPT</c> and <c>menuet inpaint IMAGE --mask MASK</c>: digits by the embedded diffusion model, or images by a server.</summary>
internal static class GenerateCommand
{
    internal static Command Create(Terminal terminal)
    {
        var prompt = new Argument<string>("prompt") { HelpName = "prompt", Description = $"In words: {DigitPrompt.Vocabulary}" };
        var options = new Choices(terminal);
        var command = new Command("generate", "Draws handwritten digits from a prompt, offline, by a small diffusion model that is part of the program; or images by a server.") { prompt };
        options.AddTo(command, isInpainting: false);
        command.SetAction((parsed, cancellation) => options.IsExternal(parsed) ? options.OrderAsync(parsed, parsed.GetRequiredValue(prompt), null, null, cancellation) : Task.Run(
            () =>
            {
                var digit = options.Digit(parsed, parsed.GetRequiredValue(prompt));
                var sampling = options.Sampling(parsed);
                options.Write(parsed, DigitGenerator.Draw(digit, parsed.GetValue(options.Count), sampling, cancellation), digit, sampling);
            },
            cancellation));
        return command;
    }

    internal static Command CreateInpaint(Terminal terminal)
    {
        var image = new Argument<string>("image") { HelpName = "image", Description = "A PNG image of 28 x 28 pixels, black on white" };
        var mask = new Option<string>("--mask") { Description = "A PNG image of the same size: drawn anew where it is lighter than middle grey", Required = true };
        var prompt = new Option<string?>("--prompt") { Description = $"What it should become, in words: {DigitPrompt.Vocabulary}" };
        var options = new Choices(terminal);
        var command = new Command("inpaint", "Draws a part of a digit anew, so that it fits the rest (RePaint).") { image, mask, prompt };
        options.AddTo(command, isInpainting: true);
        command.SetAction((parsed, cancellation) => Task.Run(
            async () =>
            {
                var (known, open) = (ContentSource.Read(parsed.GetRequiredValue(image), terminal).ReadImage(), ContentSource.Read(parsed.GetRequiredValue(mask), terminal).ReadImage());
                if (options.IsExternal(parsed))
                {
                    await options.OrderAsync(parsed, parsed.GetValue(prompt) ?? "", known, open, cancellation);
                    return;
                }

                var digit = options.Digit(parsed, parsed.GetValue(prompt) ?? "");
                var sampling = options.Sampling(parsed);
                options.Write(parsed, DigitGenerator.Inpaint(known, open, digit, parsed.GetValue(options.Count), sampling, cancellation), digit, sampling);
            },
            cancellation));
        return command;
    }

    private sealed class Choices(Terminal terminal)
    {
        private const int MostImages = 10_000;

        private readonly Option<string> backend = new("--backend")
        {
            Description = "embedded: digits of 28 x 28 pixels; openai: an OpenAI-compatible images endpoint; webui: the Stable Diffusion web UI; both at MENUET_IMAGE_ENDPOINT (_MODEL, _KEY)",
            DefaultValueFactory = _ => "embedded",
        };
        private readonly Option<string?> sampler = new("--sampler") { Description = "webui: the sampler's name there" };
        private readonly Option<int> width = NumberOptions.Whole("--width", "openai, webui: pixels across", 512, 1, 8192);
        private readonly Option<int> height = NumberOptions.Whole("--height", "openai, webui: pixels down", 512, 1, 8192);
        private readonly Option<int> steps = NumberOptions.Whole("--steps", "S, denoising steps", 20, 1, 1000);
        private readonly Option<int> level = NumberOptions.Whole("--level", "How many facts of the prompt the model is told, in the order class, slant, thickness, width; openai, webui: rounds of rewriting by the model at MENUET_PROMPT_ENDPOINT, 0 unless given", 4, 0, 4);
        private readonly Option<int> resamplings = NumberOptions.Whole("--resamplings", "How often each step is drawn, going back in between", 3, 1, 100);
        private readonly Option<int> scale = NumberOptions.Whole("--scale", "Pixels across that each pixel becomes in the file", 1, 1, 32);
        private readonly Option<double> noise = NumberOptions.Number("--noise", "0: DDIM, deterministic after the first noise; 1: DDPM", 1, 0, 1);
        private readonly Option<double> guidance = NumberOptions.Number("--guidance", "Weight of classifier-free guidance; above 0 each step costs twice", 0, 0, 100);
        private readonly Option<ulong> seed = new("--seed") { Description = "Another seed, another image", DefaultValueFactory = _ => 0 };
        private readonly Option<string> output = new("--out") { Description = "The PNG file to write; several images are laid out on one sheet", Required = true };

        internal Option<int> Count { get; } = NumberOptions.Whole("--count", "How many images", 1, 1, MostImages);

        internal void AddTo(Command command, bool isInpainting)
        {
            backend.AcceptOnlyFromAmong("embedded", "openai", "webui");
            foreach (var option in (Option[])[backend, steps, level, noise, guidance, seed, Count, scale, sampler, output])
                command.Options.Add(option);
            if (isInpainting)
            {
                command.Options.Add(resamplings);
            }
            else
            {
                command.Options.Add(width);
                command.Options.Add(height);
            }
        }

        internal bool IsExternal(ParseResult parsed) => parsed.GetValue(backend) != "embedded";

        internal Task OrderAsync(ParseResult parsed, string prompt, Image? source, Image? mask, CancellationToken cancellation)
        {
            bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };
            ImmutableArray<Problem> problems =
                [.. ((Option[])[noise, guidance, resamplings, Count, scale]).Where(IsGiven).Select(option => new Problem(option.Name, "belongs to --backend embedded"))];
            if (!problems.IsEmpty)
            {
                throw new InvalidRequestException(problems);
            }

            var order = new ImageOrder(prompt)
            {
                Width = source?.Width ?? parsed.GetValue(width),
                Height = source?.Height ?? parsed.GetValue(height),
                Steps = IsGiven(steps) ? parsed.GetValue(steps) : null,
                Seed = IsGiven(seed) ? (long)Math.Min(parsed.GetValue(seed), long.MaxValue) : null,
                Sampler = parsed.GetValue(sampler),
                Source = source,
                Mask = mask,
            };
            return ExternalGeneration.RunAsync(
                terminal, parsed.GetRequiredValue(backend), order, IsGiven(level) ? parsed.GetValue(level) : 0, parsed.GetRequiredValue(output), cancellation);
        }

        internal Sampling Sampling(ParseResult parsed) => new()
        {
            Steps = parsed.GetValue(steps),
            Noise = parsed.GetValue(noise),
            Guidance = parsed.GetValue(guidance),
            Resamplings = parsed.GetResult(resamplings) is null ? 1 : parsed.GetValue(resamplings),
            Seed = parsed.GetValue(seed),
        };

        internal Digit Digit(ParseResult parsed, string prompt)
        {
            var read = DigitPrompt.Read(prompt);
            if (!read.Unknown.IsEmpty)
            {
                var words = string.Join(", ", read.Unknown.Select(word => $"'{word}'"));
                if (read.Digit == new Digit())
                {
                    throw new InvalidRequestException([new("prompt", $"no word of it means anything here: {words}; known: {DigitPrompt.Vocabulary}")]);
                }

                terminal.Error.WriteLine($"menuet: passed over: {words}; known: {DigitPrompt.Vocabulary}");
            }

            return read.Digit.Reveal(parsed.GetValue(level));
        }

        internal void Write(ParseResult parsed, ImmutableArray<Image> images, Digit digit, Sampling sampling)
        {
            var sheet = Sheet.Of(images, parsed.GetValue(scale));
            var file = parsed.GetRequiredValue(output);
            OutputFile.Write(file, Png.Write(sheet));
            var facts = new (string Name, double? Value)[] { ("class", digit.Class), ("slant", digit.Slant), ("thickness", digit.Thickness), ("width", digit.Width) }
                .Where(fact => fact.Value is not null).Select(fact => string.Create(CultureInfo.InvariantCulture, $"{fact.Name} {fact.Value}")).ToArray();
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"Written: {file}, {sheet.Width} x {sheet.Height}, {images.Length} {(images.Length == 1 ? "image" : "images")} of {(facts.Length == 0 ? "any digit" : string.Join(", ", facts))}; {sampling.Steps} steps, seed {sampling.Seed}"));
        }
    }
}
