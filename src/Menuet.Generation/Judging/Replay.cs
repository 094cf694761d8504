using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Menuet.Generation.Judging;

/// <summary>Goes through a recorded judgement again, without a network: does the score follow from what was asked and answered?</summary>
public static partial class Replay
{
    /// <summary>Everything that does not agree; empty when the record holds.</summary>
    /// <param name="recorded">As read from the record.</param>
    /// <param name="content">The content in dispute.</param>
    /// <param name="reference">What it was compared with; null where the judge needs none.</param>
    /// <param name="rubric">What the model was asked.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public static async Task<ImmutableArray<string>> FaultsAsync(
        Judgement recorded, Content content, Content? reference, Rubric rubric, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(rubric);
        if (content.Hash != recorded.Content.Sha256)
        {
            return ["the content is not the one that was judged: its hash differs"];
        }

        if (recorded.Reference is { } mark && reference?.Hash != mark.Sha256)
        {
            return [reference is null ? "the reference is missing" : "the reference is not the one used: its hash differs"];
        }

        switch (recorded.Judge)
        {
            case "openai" when recorded.Interview is { } interview:
                return interview.RubricSha256 != rubric.Hash()
                    ? ["the rubric is not the one used: its hash differs"]
                    : [.. QuestionFaults(interview, content, rubric), .. Differences(recorded, LanguageModelJudge.Conclude(recorded.Content, rubric, interview))];
            case "ssim" when reference is not null:
                return Differences(recorded, await ReferenceJudge.Similarity(reference).JudgeAsync(content, cancellation));
            case "psnr" when reference is not null:
                return Differences(recorded, await ReferenceJudge.PeakRatio(reference).JudgeAsync(content, cancellation));
            case "simulated" when recorded.Seed is { } seed && SimulatedRange().Match(recorded.Scale) is { Success: true } range:
                var (low, high) = (Number(range.Groups[1].Value), Number(range.Groups[2].Value));
                return low <= high && recorded.Votes.Asked is >= 1 and <= 99
                    ? Differences(recorded, await new SimulatedJudge(low, high, recorded.Votes.Asked, seed).JudgeAsync(content, cancellation))
                    : ["the record's scale is none"];
            default:
                return [$"the record cannot be replayed: judge '{recorded.Judge}' with what it holds"];
        }
    }

    /// <summary>Each question must hash to what the record says: this content, this rubric, this nonce, and nothing else was asked.</summary>
    private static IEnumerable<string> QuestionFaults(Interview interview, Content content, Rubric rubric)
    {
        for (var i = 0; i < interview.Votes.Length; i++)
        {
            var vote = interview.Votes[i];
            if (vote.Attempts.Length is < 1 or > 2)
            {
                yield return $"vote {i + 1} has {vote.Attempts.Length} attempts; it has one or two";
                continue;
            }

            var question = new Question(rubric, interview.Model, vote.Nonce);
            for (var attempt = 0; attempt < vote.Attempts.Length; attempt++)
            {
                var complaint = attempt == 0 ? null : vote.Attempts[0].Problem;
                if (Question.Hash(question.Body(content, complaint)) != vote.Attempts[attempt].PromptSha256)
                {
                    yield return $"vote {i + 1}, attempt {attempt + 1}: the question hashes to something else";
                }

                if (vote.Attempts[attempt] is { Problem: null } counted && (counted.Reply is null || Verdict.Read(rubric, question.Receipt, counted.Reply, out _) is null))
                {
                    yield return $"vote {i + 1}, attempt {attempt + 1}: the reply is counted, but it is no verdict";
                }
            }
        }
    }

    private static ImmutableArray<string> Differences(Judgement recorded, Judgement again)
    {
        var faults = ImmutableArray.CreateBuilder<string>();
        void Compare(string what, double? then, double? now)
        {
            // Measures may differ in the last digits from machine to machine.
            if (then is { } a && now is { } b ? !(Math.Abs(a - b) <= 1e-9 * Math.Max(1, Math.Abs(b))) : then != now)
            {
                faults.Add(FormattableString.Invariant($"{what} is {Show(then)} in the record and {Show(now)} again"));
            }
        }

        Compare("the score", recorded.Score, again.Score);
        Compare("the spread", recorded.Spread, again.Spread);
        Compare("the number of votes", recorded.Votes.Given, again.Votes.Given);
        Compare("the number of criteria", recorded.Criteria.Length, again.Criteria.Length);
        foreach (var (then, now) in recorded.Criteria.Zip(again.Criteria))
            Compare(now.Name, then.Name == now.Name ? then.Score : null, now.Score);
        return faults.ToImmutable();

        static string Show(double? value) => value is { } number ? Documents.DocumentText.Number(number) : "absent";
    }

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^simulated rating \[(\d{1,7}), (\d{1,7})\]$")]
    private static partial Regex SimulatedRange();
}
