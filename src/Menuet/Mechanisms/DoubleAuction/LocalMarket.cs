using System.Collections.Immutable;
using System.Globalization;
using Menuet.Documents;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>The buyers and sellers of one place, such as a roadside unit.</summary>
public sealed record LocalMarket
{
    /// <summary>Its name; null: market1, market2, …</summary>
    public string? Id { get; init; }

    /// <summary>Those who bid.</summary>
    public ImmutableArray<AuctionBuyer> Buyers { get; init; } = [];

    /// <summary>Those who ask.</summary>
    public ImmutableArray<AuctionSeller> Sellers { get; init; } = [];

    /// <summary>R: a row per buyer, a column per seller, Mbit/s; <c>default</c> when unknown.</summary>
    public ImmutableArray<ImmutableArray<double>> RatesMegabitsPerSecond { get; init; }

    internal static Shape<LocalMarket> Shape { get; } = new Shape<LocalMarket>("the buyers and sellers of one place")
        .Text("id", "its name; default market1, market2, …", m => m.Id, (ref m, v) => m = m with { Id = v })
        .List("buyers", "those who bid", m => m.Buyers, (ref m, v) => m = m with { Buyers = v }, AuctionBuyer.Shape, required: true)
        .List("sellers", "those who ask", m => m.Sellers, (ref m, v) => m = m with { Sellers = v }, AuctionSeller.Shape, required: true)
        .Matrix(
            "ratesMegabitsPerSecond", "R, transmission rates: a row per buyer, a column per seller", m => m.RatesMegabitsPerSecond,
            (ref m, v) => m = m with { RatesMegabitsPerSecond = v }, Interval.Positive, "Mbit/s");

    /// <summary>Whether participants list units; in a valid market everybody does or nobody.</summary>
    internal bool HasUnits => Buyers.IsEmpty ? !Sellers.IsEmpty && !Sellers[0].Units.IsDefault : !Buyers[0].Units.IsDefault;

    /// <summary>Whether anybody lists units, in a market that may not be valid.</summary>
    internal bool MentionsUnits => Buyers.Any(buyer => !buyer.Units.IsDefault) || Sellers.Any(seller => !seller.Units.IsDefault);

    /// <summary>Whether every pair's latency is known: rates and sizes are given; in a valid market with rates all sizes are, or none.</summary>
    internal bool KnowsLatency => !RatesMegabitsPerSecond.IsDefault && (Buyers.IsEmpty || Buyers[0].ContentKilobytes is not null);

    internal string NameOf(int market) => Id ?? string.Create(CultureInfo.InvariantCulture, $"market{market + 1}");

    internal string BuyerId(int buyer) => Buyers[buyer].Id ?? string.Create(CultureInfo.InvariantCulture, $"b{buyer + 1}");

    internal string SellerId(int seller) => Sellers[seller].Id ?? string.Create(CultureInfo.InvariantCulture, $"s{seller + 1}");

    /// <summary>What is wrong in this market.</summary>
    /// <param name="path">Where it stands in the document.</param>
    /// <param name="hasUnits">Whether anybody in any market lists units; then everybody must.</param>
    /// <param name="bounds">Where all bids and asks must lie; null: anywhere.</param>
    /// <param name="matching">Whether latencies are needed.</param>
    internal IEnumerable<Problem> Problems(string path, bool hasUnits, ValueBounds? bounds, WinnerMatching matching)
    {
        for (var i = 0; i < Buyers.Length; i++)
        {
            var buyer = Buyers[i];
            var reports = new Reports("bid", buyer.Bid, "value", buyer.Value, buyer.Units, Descending: true);
            foreach (var problem in reports.Problems(path, "buyers", i, hasUnits, bounds))
            {
                yield return problem;
            }

            if (matching == WinnerMatching.MinLatency && buyer.ContentKilobytes is null)
            {
                yield return new(At(path, "buyers", i) + ".contentKilobytes", "is required with matching \"minLatency\": a number > 0 [kB]");
            }
            else if (!RatesMegabitsPerSecond.IsDefault && buyer.ContentKilobytes is null && Buyers.Any(other => other.ContentKilobytes is not null))
            {
                yield return new(At(path, "buyers", i) + ".contentKilobytes", "is missing; give every buyer's size, or none (then latencies are unknown)");
            }
        }

        for (var i = 0; i < Sellers.Length; i++)
        {
            var seller = Sellers[i];
            var reports = new Reports("ask", seller.Ask, "cost", seller.Cost, seller.Units, Descending: false);
            foreach (var problem in reports.Problems(path, "sellers", i, hasUnits, bounds))
            {
                yield return problem;
            }
        }

        foreach (var problem in RateProblems(path, matching)
            .Concat(Repeated(path, "buyers", Buyers.Any(buyer => buyer.Id is not null), Buyers.Length, BuyerId))
            .Concat(Repeated(path, "sellers", Sellers.Any(seller => seller.Id is not null), Sellers.Length, SellerId)))
        {
            yield return problem;
        }
    }

    private static string At(string path, string side, int index) => FormattableString.Invariant($"{path}.{side}[{index}]");

    private static IEnumerable<Problem> Repeated(string path, string side, bool anyGiven, int count, Func<int, string> nameOf)
    {
        if (!anyGiven)
        {
            yield break;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            if (!seen.Add(nameOf(i)))
            {
                yield return new(
                    At(path, side, i) + ".id", $"must be unique among the {side} (where it is missing it is {side[0]}1, {side[0]}2, …)", $"\"{nameOf(i)}\"");
            }
        }
    }

    private IEnumerable<Problem> RateProblems(string path, WinnerMatching matching)
    {
        var rates = RatesMegabitsPerSecond;
        path += ".ratesMegabitsPerSecond";
        if (rates.IsDefault)
        {
            if (matching == WinnerMatching.MinLatency && !Buyers.IsEmpty && !Sellers.IsEmpty)
            {
                yield return new(path, "is required with matching \"minLatency\": one row per buyer, one column per seller [Mbit/s]");
            }

            yield break;
        }

        if (rates.Length != Buyers.Length)
        {
            yield return new(path, FormattableString.Invariant($"must have one row per buyer, {Buyers.Length}, has {rates.Length}"));
        }

        for (var i = 0; i < rates.Length; i++)
        {
            if (rates[i].Length != Sellers.Length)
            {
                yield return new(
                    FormattableString.Invariant($"{path}[{i}]"),
                    FormattableString.Invariant($"must have one entry per seller, {Sellers.Length}, has {rates[i].Length}"));
            }
        }
    }

    /// <summary>What one participant reports, in the words of her side.</summary>
    private readonly record struct Reports(
        string ReportKey, double? Report, string TruthKey, double? Truth, ImmutableArray<double> Units, bool Descending)
    {
        internal IEnumerable<Problem> Problems(string path, string side, int index, bool hasUnits, ValueBounds? bounds)
        {
            path = At(path, side, index);
            if (!hasUnits)
            {
                if (Report is null)
                {
                    yield return new($"{path}.{ReportKey}", "is required: a number [money]");
                }

                if (Report is { } report && bounds is not null && !(report >= bounds.Min && report <= bounds.Max))
                {
                    yield return Outside($"{path}.{ReportKey}", report, bounds);
                }

                yield break;
            }

            if (Units.IsDefault)
            {
                yield return new($"{path}.units", "is required: others list units, so everybody must");
                yield break;
            }

            if (Report is { } one)
            {
                yield return Problem.With($"{path}.{ReportKey}", one, "stands beside units; remove one of the two");
            }

            if (Truth is { } truth)
            {
                yield return Problem.With($"{path}.{TruthKey}", truth, "stands beside units, which are taken as the truth; remove it");
            }

            for (var i = 0; i < Units.Length; i++)
            {
                var here = FormattableString.Invariant($"{path}.units[{i}]");
                if (i > 0 && (Descending ? Units[i] > Units[i - 1] : Units[i] < Units[i - 1]))
                {
                    yield return Problem.With(
                        here, Units[i],
                        $"must be {(Descending ? "<=" : ">=")} the unit before, {DocumentText.Number(Units[i - 1])}: {(Descending ? "values never rise" : "costs never fall")} with quantity");
                }

                if (bounds is not null && !(Units[i] >= bounds.Min && Units[i] <= bounds.Max))
                {
                    yield return Outside(here, Units[i], bounds);
                }
            }
        }

        private static Problem Outside(string path, double value, ValueBounds bounds) => Problem.With(
            path, value, $"must lie within valueBounds, from {DocumentText.Number(bounds.Min)} to {DocumentText.Number(bounds.Max)}");
    }
}

/// <summary>A buyer: a vehicle with a request.</summary>
public readonly record struct AuctionBuyer
{
    /// <summary>Its name; null: b1, b2, …</summary>
    public string? Id { get; init; }

    /// <summary>b: the bid for one unit; null when <see cref="Units"/> are given.</summary>
    public double? Bid { get; init; }

    /// <summary>u_v: the true value; null: the bid.</summary>
    public double? Value { get; init; }

    /// <summary>c_v: the size of what is requested, kB; null when unknown.</summary>
    public double? ContentKilobytes { get; init; }

    /// <summary>Values of the first, second, … unit, never rising; <c>default</c> for one unit.</summary>
    public ImmutableArray<double> Units { get; init; }

    internal static Shape<AuctionBuyer> Shape { get; } = new Shape<AuctionBuyer>("a buyer: a vehicle with a request")
        .Text("id", "its name; default b1, b2, …", b => b.Id, (ref b, v) => b = b with { Id = v })
        .OptionalNumber("bid", "b, the bid for one unit", b => b.Bid, (ref b, v) => b = b with { Bid = v }, unit: "money", absent: Absent.Omitted)
        .OptionalNumber("value", "u_v, the true value; default: the bid", b => b.Value, (ref b, v) => b = b with { Value = v }, unit: "money", absent: Absent.Omitted)
        .OptionalNumber(
            "contentKilobytes", "c_v, the size of what is requested", b => b.ContentKilobytes, (ref b, v) => b = b with { ContentKilobytes = v },
            Interval.Positive, "kB", Absent.Omitted)
        .Numbers("units", "values of the first, second, … unit, never rising; instead of bid", b => b.Units, (ref b, v) => b = b with { Units = v }, unit: "money");
}

/// <summary>A seller: a virtual machine.</summary>
public readonly record struct AuctionSeller
{
    /// <summary>Its name; null: s1, s2, …</summary>
    public string? Id { get; init; }

    /// <summary>s: the ask for one unit; null when <see cref="Units"/> are given.</summary>
    public double? Ask { get; init; }

    /// <summary>u_m: the true cost; null: the ask.</summary>
    public double? Cost { get; init; }

    /// <summary>Costs of the first, second, … unit, never falling; <c>default</c> for one unit.</summary>
    public ImmutableArray<double> Units { get; init; }

    internal static Shape<AuctionSeller> Shape { get; } = new Shape<AuctionSeller>("a seller: a virtual machine")
        .Text("id", "its name; default s1, s2, …", s => s.Id, (ref s, v) => s = s with { Id = v })
        .OptionalNumber("ask", "s, the ask for one unit", s => s.Ask, (ref s, v) => s = s with { Ask = v }, unit: "money", absent: Absent.Omitted)
        .OptionalNumber("cost", "u_m, the true cost; default: the ask", s => s.Cost, (ref s, v) => s = s with { Cost = v }, unit: "money", absent: Absent.Omitted)
        .Numbers("units", "costs of the first, second, … unit, never falling; instead of ask", s => s.Units, (ref s, v) => s = s with { Units = v }, unit: "money");
}
