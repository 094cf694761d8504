using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Menuet.Cli.Measuring;
using Menuet.Cli.Rendering;
using Menuet.Generation;
using Menuet.Generation.Embedded;
using Menuet.Generation.Imaging;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet generate PROMPT</c> and <c>menuet inpaint IMAGE --mask MASK</c>: images by any backend, with a record beside them.</summary>
internal static class GenerateCommand
{
    internal static Command Create(Terminal terminal)
    {
        var prompt = new Argument<string>("prompt") { HelpName = "prompt", Description = $"In words; embedded: {DigitPrompt.Vocabulary}" };
        var options = new Choices(terminal);
        var command = new Command("generate", "Draws handwritten digits from a prompt, offline, by a small diffusion model that is part of the program; or images by a server.") { prompt };
        options.AddTo(command, isInpainting: false);
        command.SetAction((parsed, cancellation) => Task.Run(() => options.RunAsync(parsed, new(parsed.GetRequiredValue(prompt)), cancellation), cancellation));
        return command;
    }

    internal static Command CreateInpaint(Terminal terminal)
    {
        var image = new Argument<string>("image") { HelpName = "image", Description = "A PNG image; embedded: of 28 x 28 pixels, black on white" };
        var mask = new Option<string>("--mask") { Description = "A PNG image of the same size: drawn anew where it is lighter than middle grey", Required = true };
        var prompt = new Option<string?>("--prompt") { Description = $"What it should become, in words; embedded: {DigitPrompt.Vocabulary}" };
        var options = new Choices(terminal);
        var command = new Command("inpaint", "Draws a part of an image anew, so that it fits the rest.") { image, mask, prompt };
        options.AddTo(command, isInpainting: true);
        command.SetAction((parsed, cancellation) => Task.Run(
            () => options.RunAsync(
                parsed,
                new(parsed.GetValue(prompt) ?? "")
                {
                    Source = ContentSource.Read(parsed.GetRequiredValue(image), terminal).ReadImage(),
                    Mask = ContentSource.Read(parsed.GetRequiredValue(mask), terminal).ReadImage(),
                },
                cancellation),
            cancellation));
        return command;
    }

    private sealed class Choices(Terminal terminal)
    {
        private const int MostImages = 10_000;
        private const int StandardSteps = 20;
        private const int LongestQuote = 120;

        private readonly BackendOptions backend = new(standardNoise: 1);
        private readonly Option<int?> steps = NumberOptions.OptionalWhole("--steps", $"S, denoising steps; {StandardSteps} unless given; an images endpoint takes none", 1, 1000);
        private readonly Option<int?> level = NumberOptions.OptionalWhole("--level", $"Prompt optimisation; embedded: how many facts of the prompt the model is told, in the order class, slant, thickness, width, all 4 unless given; servers: rounds of rewriting by the model at {BackendOptions.PromptPrefix}_ENDPOINT, 0 unless given", 0, 20);
        private readonly Option<ulong?> seed = new("--seed") { Description = "Another seed, another image; embedded: 0 unless given; webui: its own unless given; an images endpoint takes none" };
        private readonly Option<int> count = NumberOptions.Whole("--count", "How many images", 1, 1, MostImages);
        private readonly Option<int> scale = NumberOptions.Whole("--scale", "Pixels across that each pixel becomes in the file", 1, 1, 32);
        private readonly Option<string> output = new("--out") { Description = "The image file to write, its record beside it; several images are laid out on one sheet", Required = true };

        internal void AddTo(Command command, bool isInpainting)
        {
            backend.AddTo(command, isInpainting);
            foreach (var option in (Option[])[steps, level, seed, count, scale, output])
                command.Options.Add(option);
        }

        internal async Task RunAsync(ParseResult parsed, ImageOrder wanted, CancellationToken cancellation)
        {
            var chosen = backend.Read(parsed);
            using var engine = backend.Open(parsed, chosen, parsed.GetValue(level));
            var wantedLevel = parsed.GetValue(level) ?? engine.Optimiser.UnchangedLevel;
            if (wantedLevel > engine.Optimiser.MostLevel)
            {
                throw new InvalidRequestException([new("--level", $"must be at most {engine.Optimiser.MostLevel} with the backend {chosen.Name}")]);
            }

            var prompts = await engine.Optimiser.OptimiseAsync(wanted.Prompt, wantedLevel, cancellation);
            var order = chosen.Complete(wanted) with
            {
                Prompt = prompts[^1],
                Steps = parsed.GetValue(steps) ?? (engine.Generator.TakesSteps ? StandardSteps : null),
                Seed = parsed.GetValue(seed),
            };
            // What a server sends is written as it comes, before anything else may fail.
            var folder = parsed.GetValue(count) > 1 && !chosen.IsEmbedded ? FolderOf(parsed.GetRequiredValue(output)) : null;
            var made = await OrderAsync(parsed.GetValue(count), engine, folder, order, cancellation);
            foreach (var note in made.SelectMany(image => image.Notes).Distinct())
                terminal.Error.WriteLine($"menuet: {note}");
            Write(parsed, made, folder, engine.Optimiser.Name, wantedLevel, prompts);
        }

        private static string FolderOf(string file) => Path.Combine(Path.GetDirectoryName(file) ?? "", Path.GetFileNameWithoutExtension(file) + "-images");

        private static async Task<GeneratedImage[]> OrderAsync(int count, Engine engine, string? folder, ImageOrder order, CancellationToken cancellation)
        {
            var made = new GeneratedImage[count];
            var generator = folder is null ? engine.Generator : new KeptImages(engine.Generator, folder, isReused: false);
            await Parallel.ForEachAsync(
                Enumerable.Range(0, made.Length),
                new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = engine.Concurrency },
                async (i, token) => made[i] = await generator.GenerateAsync(order with { Index = (ulong)i, Label = string.Create(CultureInfo.InvariantCulture, $"image-{i + 1:D4}") }, token));
            return made;
        }

        private void Write(ParseResult parsed, GeneratedImage[] made, string? folder, string optimisation, int level, ImmutableArray<string> prompts)
        {
            var (file, magnified) = (parsed.GetRequiredValue(output), parsed.GetValue(scale));
            var sheet = made.Length == 1 && magnified == 1 ? null : SheetOf(file, made, magnified);
            var written = made.Length == 1 ? sheet ?? made[0].Content : sheet;
            var record = made.Length == 1 ? made[0].Record : new JsonObject { ["images"] = new JsonArray([.. made.Select(image => image.Record)]) };
            record["promptOptimisation"] = new JsonObject { ["kind"] = optimisation, ["level"] = level, ["prompts"] = new JsonArray([.. prompts.Select(prompt => (JsonNode)prompt)]) };
            if (written is not null)
            {
                OutputFile.Write(file, written.Bytes.ToArray());
            }

            OutputFile.Write(file + ".json", record.ToJsonString(JsonText.IndentedNodes) + "\n");
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"Written: {(written is null ? folder : $"{file}, {Size(written)}")}, {made.Length} {(made.Length == 1 ? "image" : "images")}; {file}.json; level {level}: {Quoted(prompts[^1])}"));
        }

        /// <summary>Null, and why, where an image is of a kind that is not decoded here; it is written as it came all the same.</summary>
        private Content? SheetOf(string file, GeneratedImage[] made, int magnified)
        {
            try
            {
                return Content.Of(file, Png.Write(Sheet.Of([.. made.Select(image => image.Content.ReadImage())], magnified)));
            }
            catch (InvalidRequestException problem)
            {
                terminal.Error.WriteLine($"menuet: neither sheet nor magnification: {problem.Message}");
                return null;
            }
        }

        private static string Size(Content content)
        {
            try
            {
                return content.MediaType == "image/png" && content.ReadImage() is var image ? $"{image.Width} x {image.Height}" : Bytes();
            }
            catch (InvalidRequestException)
            {
                // A server's PNG of a form that is not read here is written all the same.
                return Bytes();
            }

            string Bytes() => string.Create(CultureInfo.InvariantCulture, $"{content.MediaType} of {content.Bytes.Length} bytes");
        }

        private static string Quoted(string prompt)
        {
            var line = new string([.. prompt.Select(c => char.IsControl(c) ? ' ' : c)]);
            return line.Length == 0 ? "no prompt" : line.Length <= LongestQuote ? line : line[..LongestQuote] + "…";
        }
    }
}
