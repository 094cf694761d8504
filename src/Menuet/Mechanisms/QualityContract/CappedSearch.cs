using System.Runtime.InteropServices;

namespace Menuet.Mechanisms.QualityContract;

/// <summary>
/// Exact search for the best menu under a cap: labels carried from group to group, pruned by dominance and by Lagrangian bounds on
/// what is still to come (<see cref="CappedBounds"/>); in rounds of growing width until nothing had to be dropped.
/// </summary>
/// <remarks>
/// For fixed qualities payments shrink from the top (<see cref="Payments"/>): gaps below some group are full, those above it at
/// their least, its own between. A label is full until it switches; after the switch it keeps the room of the switching gap. It
/// holds the top payment so far and the value, with later types' payments credited in advance. Of two labels at one quality that
/// switched at the same group, or not yet, one is enough if it has paid no more, could shrink to no more and is worth no less. Labels
/// may still grow exponentially with the number of groups, so the work is limited; the bound then covers what was dropped.
/// </remarks>
internal sealed class CappedSearch
{
    private const long MostWork = 20_000_000;
    private const int ComparedLabels = 48;
    private const double Negligible = 1e-11;
    private const double Rounding = 2e-15;
    private const int Partly = -2;
    private static readonly int[] Widths = [64, 1024, 16_384, 262_144];

    private readonly QualityMarket market;
    private readonly TypeChain chain;
    private readonly CappedBounds bounds;
    private readonly double[] quality;
    private readonly double cap;
    private readonly Func<bool> outOfTime;
    private readonly CancellationToken cancellation;
    private List<Label> next = [];
    private double incumbent;
    private double dropped;
    private long work;

    internal CappedSearch(QualityMarket market, TypeChain chain, CappedBounds bounds, double[] quality, Func<bool> outOfTime, CancellationToken cancellation)
    {
        (this.market, this.chain, this.bounds, this.quality) = (market, chain, bounds, quality);
        (this.outOfTime, this.cancellation) = (outOfTime, cancellation);
        cap = market.PaymentMax!.Value;
    }

    /// <summary>Upper bound on every menu that is better than the incumbent; the incumbent itself when none is.</summary>
    internal double Bound => Math.Max(incumbent, dropped);

    /// <summary>Searches until every better menu is found or the work is done.</summary>
    /// <param name="value">Value of the best menu known, per user; −∞ when none is.</param>
    /// <param name="improve">Takes the qualities of a better menu (−1: none); returns the value that it has.</param>
    /// <returns>True when the best menu is proven to be known.</returns>
    internal bool Run(double value, Func<int[], double> improve)
    {
        incumbent = value;
        foreach (var width in Widths)
        {
            dropped = double.NegativeInfinity;
            var layers = Layers(width);
            if (Best(layers[^1]) is var best && best >= 0)
            {
                incumbent = Math.Max(incumbent, improve(Qualities(layers, best)));
            }

            if (dropped <= Enough || work > MostWork || outOfTime())
            {
                break;
            }
        }

        return dropped <= Enough;
    }

    /// <summary>True when a payment is above the cap by more than rounding, even after shrinking by its room.</summary>
    private bool Exceeds(double paid, double room) => paid - room > cap + (Rounding * (cap + paid));

    private double Enough => incumbent + (Negligible * Math.Abs(incumbent));

    private List<Label[]> Layers(int width)
    {
        var layers = new List<Label[]> { new[] { new Label { State = -1, Switch = -1, Low = -1, Parent = -1 } } };
        for (var group = 0; group < chain.Groups; group++)
        {
            next = [];
            var current = layers[^1];
            for (var parent = 0; parent < current.Length; parent++)
            {
                if ((parent & 255) == 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                }

                if (work > MostWork || ((parent & 255) == 0 && outOfTime()))
                {
                    dropped = Math.Max(dropped, current[parent].Upper);
                    continue;
                }

                Extend(current[parent], parent, group);
            }

            layers.Add(Kept(CollectionsMarshal.AsSpan(next), width));
        }

        return layers;
    }

    private void Extend(in Label label, int parent, int group)
    {
        var gain = chain.Gain[group];
        var below = group > 0 ? chain.Gain[group - 1] : 0;
        if (label.State < 0)
        {
            if (market.AllowExclusion)
            {
                Emit(new() { State = -1, Switch = -1, Low = -1, Parent = parent, Value = label.Value + bounds.Left(group) }, group);
            }

            if (!market.AllowExclusion && group > 0)
            {
                return;
            }

            for (var low = bounds.FirstPayable(group); low < quality.Length && !Exceeds(Math.Max(market.PaymentMin, below * quality[low]), 0); low++)
            {
                var payment = gain * quality[low];
                var room = Math.Min(payment - market.PaymentMin, (gain - below) * quality[low]);
                Spread(label, parent, group, low, payment, Math.Max(0, room), switches: room > 0);
            }

            if (market.AllowExclusion && !bounds.IsSingle(group))
            {
                for (var high = bounds.FirstPayable(group); high < quality.Length && !Exceeds(gain * quality[high], 0); high++)
                {
                    Emit(
                        new() { State = high, Switch = -1, Low = Partly, Parent = parent, Paid = gain * quality[high], Value = label.Value + bounds.FromNothing(group, high) },
                        group);
                }
            }

            return;
        }

        for (var low = label.State; low < quality.Length; low++)
        {
            var rise = quality[low] - quality[label.State];
            if (Exceeds(label.Paid + (below * rise), label.Room))
            {
                break;
            }

            Spread(label, parent, group, low, (label.Switch < 0 ? gain : below) * rise, (gain - below) * rise, switches: label.Switch < 0 && rise > 0);
        }
    }

    /// <summary>Labels for a group that starts at one quality, for a payment, and ends at any from there on.</summary>
    private void Spread(in Label label, int parent, int group, int low, double payment, double room, bool switches)
    {
        var last = bounds.IsSingle(group) ? low : quality.Length - 1;
        for (var high = low; high <= last; high++)
        {
            var child = new Label
            {
                State = high,
                Switch = label.Switch,
                Low = low,
                Parent = parent,
                Paid = label.Paid + payment + (chain.Gain[group] * (quality[high] - quality[low])),
                Value = label.Value + (chain.AtLeast(group) * payment) + bounds.Within(group, low, high),
                Room = label.Room,
            };
            Emit(child, group);
            if (switches)
            {
                Emit(child with { Switch = group, Room = room }, group);
            }
        }
    }

    private void Emit(Label label, int group)
    {
        work++;
        if (Exceeds(label.Paid, label.Room))
        {
            return;
        }

        label.Upper = bounds.Upper(group, label.State, label.Switch, label.Value, cap - label.Paid, label.Room);
        if (label.Upper > Enough)
        {
            next.Add(label);
        }
    }

    /// <summary>The labels that no other makes needless, at most <paramref name="width"/> of them, those of the largest bounds.</summary>
    private Label[] Kept(Span<Label> labels, int width)
    {
        labels.Sort(static (a, b) =>
            a.State != b.State ? a.State.CompareTo(b.State)
            : a.Switch != b.Switch ? a.Switch.CompareTo(b.Switch)
            : a.Paid != b.Paid ? a.Paid.CompareTo(b.Paid)
            : a.Value != b.Value ? b.Value.CompareTo(a.Value)
            : b.Room.CompareTo(a.Room));
        var count = 0;
        var bucket = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            if (count > bucket && (labels[count - 1].State != labels[i].State || labels[count - 1].Switch != labels[i].Switch))
            {
                bucket = count;
            }

            var needed = true;
            for (var k = count - 1; needed && k >= Math.Max(bucket, count - ComparedLabels); k--)
            {
                needed = labels[k].Value < labels[i].Value || labels[k].Paid - labels[k].Room > labels[i].Paid - labels[i].Room;
            }

            if (needed)
            {
                labels[count++] = labels[i];
            }
        }

        labels = labels[..count];
        if (count > width)
        {
            labels.Sort(static (a, b) => b.Upper.CompareTo(a.Upper));
            dropped = Math.Max(dropped, labels[width].Upper);
            labels = labels[..width];
        }

        return labels.ToArray();
    }

    /// <summary>The complete label of the largest value above the incumbent; −1 when there is none.</summary>
    private int Best(Label[] labels)
    {
        var (best, most) = (-1, incumbent);
        for (var i = 0; i < labels.Length; i++)
        {
            var excess = Math.Max(0, labels[i].Paid - cap);
            var loss = labels[i].Switch < 0 ? 0 : chain.AtLeast(labels[i].Switch) * excess;
            (best, most) = labels[i].Value - loss > most ? (i, labels[i].Value - loss) : (best, most);
        }

        return best;
    }

    private int[] Qualities(List<Label[]> layers, int index)
    {
        var choice = new int[chain.Members];
        for (var group = chain.Groups - 1; group >= 0; group--)
        {
            var label = layers[group + 1][index];
            var members = choice.AsSpan(chain.FirstMember[group]..chain.FirstMember[group + 1]);
            if (label.State < 0 || members.Length == 1)
            {
                members.Fill(label.State);
            }
            else
            {
                bounds.Divide(group, label.Low == Partly ? -1 : label.Low, label.State, members);
            }

            index = label.Parent;
        }

        return choice;
    }

    private record struct Label
    {
        /// <summary>The highest quality so far; −1 while nobody is served.</summary>
        internal int State;

        /// <summary>The group at which gaps stopped being full; −1 before.</summary>
        internal int Switch;

        /// <summary>The group's lowest quality, or <see cref="Partly"/> for a first group of which some are left out.</summary>
        internal int Low;

        internal int Parent;

        /// <summary>The top payment so far, the switching gap taken full.</summary>
        internal double Paid;

        /// <summary>Value per user so far.</summary>
        internal double Value;

        /// <summary>By how much the switching gap may still shrink.</summary>
        internal double Room;

        /// <summary>Upper bound on every completion.</summary>
        internal double Upper;
    }
}
