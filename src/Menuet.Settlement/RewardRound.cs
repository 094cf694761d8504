using System.Collections.Immutable;
using System.Globalization;
using Menuet.Mechanisms.RewardContract;
using Menuet.Settlement.Ledgers;

namespace Menuet.Settlement;

/// <summary>A round of rewards: the posting that pays those who earned one, and those who did not.</summary>
/// <param name="Menu">The answer's menu in whole numbers.</param>
/// <param name="Posting">From the platform to each who earned a reward; null when nobody did.</param>
/// <param name="Unpaid">Ids whose evaluation earns no reward, in the file's order.</param>
public sealed record RewardRound(PostedMenu Menu, Posting? Posting, ImmutableArray<string> Unpaid)
{
    /// <summary>The menu of an answer in whole numbers: qualities in millionths of a point, rewards in units, both rounded half to even.</summary>
    /// <exception cref="InvalidRequestException">The answer has no outcome, or a number that cannot be owed.</exception>
    public static PostedMenu MenuOf(RewardAnswer answer, int decimals)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Menu.IsDefaultOrEmpty)
        {
            throw new InvalidRequestException([new("answer $.menu", $"there is none: the answer's status is {answer.Status}")]);
        }

        var problems = new List<Problem>();
        var items = answer.Menu.Select((item, i) => new PostedItem(
            (long)Whole(item.Quality, $"answer $.menu[{i}].quality", PostedMenu.QualityDecimals, long.MaxValue, problems),
            Whole(item.Reward, $"answer $.menu[{i}].reward", decimals, Int128.MaxValue, problems))).ToImmutableArray();
        return problems.Count == 0 ? new(items) : throw new InvalidRequestException([.. problems]);
    }

    /// <summary>
    /// Who gets what. Without a type, the evaluation earns the best reward whose quality it reaches. With a type, the same, but never
    /// more than the type's own reward. With a type alone, the type's reward: its quality counts as delivered.
    /// </summary>
    /// <param name="answer">Of a <c>reward-contract</c>.</param>
    /// <param name="recipients">Each id once.</param>
    /// <param name="postingId">The posting's id.</param>
    /// <param name="decimals">One unit is 10^−decimals money.</param>
    /// <exception cref="InvalidRequestException">Every problem at once.</exception>
    public static RewardRound Of(RewardAnswer answer, ImmutableArray<Recipient> recipients, string postingId, int decimals)
    {
        var menu = MenuOf(answer, decimals);
        var problems = recipients.Where(recipient => recipient.Type > menu.Items.Length).Select(recipient => new Problem(
            $"{recipient.Id}.type", string.Create(CultureInfo.InvariantCulture, $"the menu has items 1 to {menu.Items.Length}"),
            recipient.Type!.Value.ToString(CultureInfo.InvariantCulture))).ToImmutableArray();
        if (!problems.IsEmpty)
        {
            throw new InvalidRequestException(problems);
        }

        var credits = ImmutableArray.CreateBuilder<Entry>();
        var unpaid = ImmutableArray.CreateBuilder<string>();
        var total = System.Numerics.BigInteger.Zero;
        foreach (var recipient in recipients)
        {
            if (Earned(menu, recipient) is { } judged && menu.Items[judged.Item].Reward > 0)
            {
                credits.Add(new(recipient.Id, menu.Items[judged.Item].Reward, judged));
                total += menu.Items[judged.Item].Reward;
            }
            else
            {
                unpaid.Add(recipient.Id);
            }
        }

        if (total > Int128.MaxValue)
        {
            throw new InvalidRequestException([new("--decimals", "the rewards add up to more units than there are; use fewer decimals")]);
        }

        var posting = credits.Count == 0 ? null : new Posting(postingId, decimals, [new(Entry.Platform, -(Int128)total), .. credits], menu);
        var faults = posting?.Problems().ToImmutableArray() ?? [];
        return faults.IsEmpty ? new(menu, posting, unpaid.ToImmutable()) : throw new InvalidRequestException([.. faults.Select(f => f with { Path = "posting " + f.Path })]);
    }

    private static Judgement? Earned(PostedMenu menu, Recipient recipient)
    {
        if (recipient.Type is not { } type)
        {
            return menu.Earned(recipient.Evaluation!.Value) is { } best ? new(best, recipient.Evaluation.Value) : null;
        }

        var chosen = menu.Items[type - 1];
        var evaluation = recipient.Evaluation ?? chosen.Quality;
        if (evaluation >= chosen.Quality)
        {
            return new(type - 1, evaluation);
        }

        // Less than was promised: the best of the smaller rewards that the evaluation still reaches.
        var reached = Enumerable.Range(0, menu.Items.Length)
            .Where(i => menu.Items[i].Quality <= evaluation && menu.Items[i].Reward <= chosen.Reward).ToArray();
        return reached.Length == 0 ? null : new(reached.MaxBy(i => menu.Items[i].Reward), evaluation);
    }

    private static Int128 Whole(double? value, string path, int decimals, Int128 most, List<Problem> problems)
    {
        if (value is not { } number)
        {
            problems.Add(new(path, "is needed to pay by; solve the market to get it"));
            return 0;
        }

        try
        {
            var units = Units.Of(number, decimals);
            if (units >= 0 && units <= most)
            {
                return units;
            }
        }
        catch (OverflowException)
        {
            // Said below.
        }

        problems.Add(Problem.With(path, number, string.Create(CultureInfo.InvariantCulture, $"must be from 0 to what {decimals} decimals leave room for")));
        return 0;
    }
}
