using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Cli.Rendering;
using Menuet.Documents;
using Menuet.Figures;
using Menuet.Generation;
using Menuet.Generation.Judging;
using Menuet.Mechanisms.RewardContract;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet judge FILE...</c>: scores of images and texts, ready to be the qualities of a reward contract.</summary>
internal static class JudgeCommand
{
    private static readonly string[] Judges = ["openai", "simulated", "ssim", "psnr"];

    internal static Command Create(Terminal terminal)
    {
        var options = new Choices();
        var command = new Command("judge", "Scores images and texts, by a language model or against a reference; 'openai' reads its endpoint from MENUET_JUDGE_ENDPOINT, _MODEL and _KEY.")
        {
            options.Files, options.Judge, options.Reference, options.Votes, options.Rubric, options.Range, options.Seed,
            options.Record, options.Replay, options.Market, options.Output, options.Format,
        };
        command.SetAction((parsed, cancellation) => RunAsync(terminal, parsed, options, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, ParseResult parsed, Choices options, CancellationToken cancellation)
    {
        var rubric = Rubric(parsed.GetValue(options.Rubric), terminal);
        var contents = Contents(parsed.GetRequiredValue(options.Files), terminal);
        var reference = parsed.GetValue(options.Reference) is { } name ? ContentSource.Read(name, terminal) : null;
        if (parsed.GetValue(options.Replay) is { } record)
        {
            return await ReplayAsync(terminal, record, contents, reference, rubric, cancellation);
        }

        var market = parsed.GetValue(options.Market) is { } marketName ? Market(marketName, contents.Length, terminal) : null;
        var judge = Judge(parsed, options, rubric, reference);
        using var disposable = judge as IDisposable;
        var judgements = new List<Judgement>();
        foreach (var content in contents)
        {
            var judgement = await judge.JudgeAsync(content, cancellation);
            judgements.Add(judgement);
            if (parsed.GetValue(options.Record) is { } path)
            {
                // As each comes, so that what was paid for is kept whatever happens next.
                OutputFile.Append(path, JudgementRecord.Write(judgement, TimeProvider.System.GetUtcNow()) + "\n");
            }
        }

        if (parsed.GetValue(options.Output) is { } output)
        {
            using var file = new StringWriter();
            Write(terminal, file, judgements, Path.GetExtension(output) is ".csv" ? "csv" : "json");
            OutputFile.Write(output, file.ToString());
        }

        var abstained = judgements.Where(judgement => judgement.Score is null).ToArray();
        if (market is null)
        {
            Write(terminal, terminal.Output, judgements, parsed.GetValue(options.Format)!);
        }
        else if (abstained.Length == 0)
        {
            terminal.Output.Write(Filled(market, judgements));
        }

        foreach (var judgement in abstained)
            terminal.Error.WriteLine($"menuet: no score for {judgement.Content.Name}: {judgement.Reason}");
        return abstained.Length == 0 ? 0 : ExitCode.NoOutcome;
    }

    private static IJudge Judge(ParseResult parsed, Choices options, Rubric rubric, Content? reference)
    {
        var name = parsed.GetRequiredValue(options.Judge);
        if ((name is "ssim" or "psnr") != (reference is not null))
        {
            throw new InvalidRequestException([new("--reference", reference is null ? $"is required by the judge {name}" : $"is not read by the judge {name}; leave it out")]);
        }

        var votes = parsed.GetValue(options.Votes);
        var (low, high) = ParseRange(parsed.GetValue(options.Range)!)!.Value;
        return name switch
        {
            "openai" => new LanguageModelJudge(ModelEndpoint.FromEnvironment(Environment.GetEnvironmentVariable), rubric, votes),
            "simulated" => new SimulatedJudge(low, high, votes, parsed.GetValue(options.Seed)),
            "ssim" => ReferenceJudge.Similarity(reference!),
            _ => ReferenceJudge.PeakRatio(reference!),
        };
    }

    private static ImmutableArray<Content> Contents(string[] names, Terminal terminal)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var contents = ImmutableArray.CreateBuilder<Content>();
        foreach (var name in names)
        {
            try
            {
                contents.Add(ContentSource.Read(name, terminal));
            }
            catch (InvalidRequestException error)
            {
                problems.AddRange(error.Problems);
            }
        }

        return problems.Count == 0 ? contents.ToImmutable() : throw new InvalidRequestException(problems.ToImmutable());
    }

    internal static Rubric Rubric(string? name, Terminal terminal)
    {
        if (name is null)
        {
            return new();
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(name))!;
        return Generation.Judging.Rubric.Read(MarketSource.Read(name, terminal), file => ContentSource.Read(Path.Combine(folder, file), terminal));
    }

    /// <summary>The market, once it is sure that the scores will fit it: no model is asked in vain.</summary>
    private static JsonObject Market(string name, int count, Terminal terminal)
    {
        var document = MarketSource.Read(name, terminal);
        var kind = Catalog.Find(document).Kind;
        if (kind != RewardContractMechanism.Door.Kind)
        {
            throw new InvalidRequestException([new(name, $"is a {kind}; only reward contracts take judged qualities")]);
        }

        var market = JsonNode.Parse(document, documentOptions: JsonEdit.Lenient)!.AsObject();
        var types = market["types"] is JsonArray list ? list.Count : market["typeModel"]?["count"] is JsonValue value && value.TryGetValue<int>(out var modelled) ? modelled : -1;
        return types == count ? market
            : throw new InvalidRequestException([new(name, FormattableString.Invariant($"has {types} types, and {count} files are judged; give one file for each type, in their order"))]);
    }

    private static string Filled(JsonObject market, List<Judgement> judgements)
    {
        if (market["types"] is JsonArray types)
        {
            for (var i = 0; i < judgements.Count; i++)
                types[i]!["quality"] = judgements[i].Score!.Value;
        }
        else
        {
            market["qualities"] = new JsonArray([.. judgements.Select(judgement => (JsonNode)judgement.Score!.Value)]);
        }

        return market.ToJsonString(JsonText.IndentedNodes) + "\n";
    }

    private static async Task<int> ReplayAsync(
        Terminal terminal, string record, ImmutableArray<Content> contents, Content? reference, Rubric rubric, CancellationToken cancellation)
    {
        var lines = Encoding.UTF8.GetString(MarketSource.Read(record, terminal)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var byHash = contents.DistinctBy(content => content.Hash).ToDictionary(content => content.Hash);
        var (replayed, failed) = (0, 0);
        for (var i = 0; i < lines.Length; i++)
        {
            Judgement judgement;
            try
            {
                judgement = JudgementRecord.Read(Encoding.UTF8.GetBytes(lines[i]));
            }
            catch (InvalidRequestException error)
            {
                throw new InvalidRequestException([.. error.Problems.Select(problem => problem with { Path = $"{record} line {i + 1} {problem.Path}" })]);
            }

            if (!byHash.TryGetValue(judgement.Content.Sha256, out var content))
            {
                continue;
            }

            replayed++;
            var faults = await Replay.FaultsAsync(judgement, content, reference, rubric, cancellation);
            failed += faults.IsEmpty ? 0 : 1;
            terminal.Output.WriteLine($"line {i + 1}, {content.Name}: {(faults.IsEmpty ? $"holds, {Said(judgement)}" : "FAILS")}");
            foreach (var fault in faults)
                terminal.Output.WriteLine($"  {fault}");
        }

        if (replayed == 0)
        {
            throw new InvalidRequestException([new(record, "judges none of these files: no hash agrees")]);
        }

        return failed == 0 ? 0 : ExitCode.Disproved;
    }

    private static string Said(Judgement judgement) => judgement.Score is { } score ? $"score {TableText.Number(score)}" : $"no score: {judgement.Reason}";

    private static void Write(Terminal terminal, TextWriter output, List<Judgement> judgements, string format)
    {
        if (format == "json")
        {
            foreach (var judgement in judgements)
                JsonText.Write(output, single: false, writer => WriteJson(writer, judgement));
            return;
        }

        var criteria = judgements.SelectMany(judgement => judgement.Criteria).Select(criterion => criterion.Name).Distinct().ToArray();
        var table = new Table(
            $"Scores: {judgements[0].Scale}",
            [new("content"), new("judge"), new("score"), new("spread"), new("votes"), .. criteria.Select(name => new Column(name)), new("note")],
            [.. judgements.Select(judgement => (ImmutableArray<object?>)
            [
                judgement.Content.Name, judgement.Judge, judgement.Score, judgement.Spread, $"{judgement.Votes.Given} of {judgement.Votes.Asked}",
                .. criteria.Select(name => (object?)judgement.Criteria.FirstOrDefault(criterion => criterion.Name == name)?.Score),
                judgement.Reason ?? "",
            ])]);
        if (format == "csv")
        {
            // The heading that curves and markets know.
            TableCsv.Write(table with { Columns = table.Columns.Replace(new("score"), new("quality")) }, output);
        }
        else
        {
            TableText.WriteText(terminal, output, table);
        }
    }

    private static void WriteJson(Utf8JsonWriter writer, Judgement judgement)
    {
        writer.WriteStartObject();
        writer.WriteString("content", judgement.Content.Name);
        writer.WriteString("sha256", judgement.Content.Sha256);
        writer.WriteString("judge", judgement.Judge);
        writer.WriteString("scale", judgement.Scale);
        DocumentText.WriteNumber(writer, "quality", judgement.Score);
        DocumentText.WriteNumber(writer, "spread", judgement.Spread);
        writer.WriteNumber("votesGiven", judgement.Votes.Given);
        writer.WriteNumber("votesAsked", judgement.Votes.Asked);
        if (!judgement.Criteria.IsEmpty)
        {
            writer.WriteStartObject("criteria");
            foreach (var criterion in judgement.Criteria)
                writer.WriteNumber(criterion.Name, criterion.Score);
            writer.WriteEndObject();
        }

        writer.WriteString("reason", judgement.Reason);
        writer.WriteEndObject();
    }

    private static (int Low, int High)? ParseRange(string text) => text.Split("..") is [var low, var high]
        && int.TryParse(low, NumberStyles.None, CultureInfo.InvariantCulture, out var from) && int.TryParse(high, NumberStyles.None, CultureInfo.InvariantCulture, out var to)
        && from <= to && to <= 1_000_000 ? (from, to) : null;

    private sealed class Choices
    {
        internal Choices()
        {
            Judge.AcceptOnlyFromAmong(Judges);
            Files.Validators.Add(MarketSource.RefuseOptions);
            Range.Validators.Add(result =>
            {
                if (result.Tokens.Count == 1 && ParseRange(result.Tokens[0].Value) is null)
                {
                    result.AddError($"--range must be two whole numbers such as 0..10, not '{result.Tokens[0].Value}'");
                }
            });
            Votes.Validators.Add(result =>
            {
                if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var count) && count is < 1 or > 99)
                {
                    result.AddError($"--votes must be a whole number from 1 to 99, not {result.Tokens[0].Value}");
                }
            });
        }

        internal Argument<string[]> Files { get; } = new("file")
        {
            HelpName = "file",
            Description = "Images (PNG, and for 'openai' JPEG, GIF, WebP) or texts in UTF-8; '-' reads standard input",
            Arity = ArgumentArity.OneOrMore,
        };

        internal Option<string> Judge { get; } = new("--judge")
        {
            Description = "openai: a large multimodal model; simulated: random numbers in its place; ssim, psnr: likeness to --reference",
            DefaultValueFactory = _ => "openai",
        };

        internal Option<string?> Reference { get; } = new("--reference") { Description = "The PNG image that ssim and psnr compare with" };

        internal Option<int> Votes { get; } = new("--votes") { Description = "How often openai or simulated is asked about each file; the median counts", DefaultValueFactory = _ => 1 };

        internal Option<string?> Rubric { get; } = new("--rubric") { Description = "JSON file: task, criteria, scale, examples; default: clarity and aesthetics from 0 to 10 (docs/judging.md)" };

        internal Option<string> Range { get; } = new("--range") { Description = "LOW..HIGH, the whole numbers that simulated draws from", DefaultValueFactory = _ => "0..10" };

        internal Option<ulong> Seed { get; } = new("--seed") { Description = "Seed of simulated", DefaultValueFactory = _ => 0 };

        internal Option<string?> Record { get; } = new("--record") { Description = "Appends each judgement to this file as a line of JSON, with everything needed to replay it" };

        internal Option<string?> Replay { get; } = new("--replay") { Description = "Judges nothing: goes through the judgements of the files in this record again" };

        internal Option<string?> Market { get; } = new("--market") { Description = "A reward contract: printed with the scores as its qualities, one file for each type in their order" };

        internal Option<string?> Output { get; } = new("--out") { Description = "Also writes the scores to this file: CSV when it ends in .csv, else JSON lines" };

        internal Option<string> Format { get; } = SharedOptions.FormatOption("text", "csv", "json");
    }
}
