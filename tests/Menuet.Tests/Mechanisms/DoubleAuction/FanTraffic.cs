using System.Collections.Immutable;
using Menuet.Mechanisms.DoubleAuction;

namespace Menuet.Tests.Mechanisms.DoubleAuction;

/// <summary>Vehicles on a grid of roads, four roadside units, ten virtual machines each: the setting of Fan et al. 2023, Section IV, slot by slot.</summary>
/// <remarks>What the paper leaves open is filled as docs/kinds/double-auction.md says: radio, sizes, powers, speeds.</remarks>
internal sealed class FanTraffic
{
    private const double Side = 1000;
    private static readonly (double X, double Y)[] Units = [(250, 250), (750, 250), (250, 750), (750, 750)];
    private static readonly double[] Roads = [125, 375, 625, 875];
    private static readonly double Persistence = Math.Exp(-25.0 / 50);

    private readonly Vehicle[] vehicles;
    private readonly int sellers;
    private Rng movement;
    private Rng demand;

    internal FanTraffic(int count, ulong seed)
        : this(count, 10, Rng.Stream(seed, 1), Rng.Stream(seed, 2))
    {
    }

    internal FanTraffic(int count, int sellers, Rng movement, Rng demand)
    {
        this.sellers = sellers;
        this.movement = movement;
        this.demand = demand;
        vehicles = new Vehicle[count];
        for (var i = 0; i < count; i++)
        {
            var (along, road) = (Side * this.movement.NextDouble(), Roads[this.movement.NextInt(Roads.Length)]);
            var horizontal = this.movement.NextInt(2) == 0;
            vehicles[i] = new()
            {
                X = horizontal ? along : road,
                Y = horizontal ? road : along,
                Horizontal = horizontal,
                Forward = this.movement.NextInt(2) == 0,
                Speed = Math.Clamp(25 + (2.5 * this.movement.NextNormal()), 15, 35),
                Shadow = 8 * this.movement.NextNormal(),
            };
        }
    }

    /// <summary>The markets of the next second.</summary>
    /// <param name="digits">Decimals that numbers are rounded to, for a document; negative: none.</param>
    internal DoubleAuctionMarket Next(int digits = -1)
    {
        var buyers = Units.Select(_ => new List<(AuctionBuyer Buyer, double Distance, double Shadow)>()).ToArray();
        foreach (ref var vehicle in vehicles.AsSpan())
        {
            vehicle.Advance(ref movement);
            var (x, y) = (vehicle.X, vehicle.Y);
            var distances = Array.ConvertAll(Units, unit => Math.Sqrt(((x - unit.X) * (x - unit.X)) + ((y - unit.Y) * (y - unit.Y))));
            var nearest = Array.IndexOf(distances, distances.Min());
            var size = Rounded(Math.Clamp(Math.Exp(5.616 + (0.6526 * demand.NextNormal())), 33, 1989), digits);
            var buyer = new AuctionBuyer { Bid = Rounded(Math.Log(1 + (size / 1000)), digits), ContentKilobytes = size };
            buyers[nearest].Add((buyer, distances[nearest], vehicle.Shadow));
        }

        var markets = ImmutableArray.CreateBuilder<LocalMarket>();
        for (var n = 0; n < Units.Length; n++)
        {
            var powers = new double[sellers];
            for (var m = 0; m < powers.Length; m++)
            {
                powers[m] = Rounded(10 * demand.NextDouble(), digits);
            }

            markets.Add(new()
            {
                Id = $"rsu{n + 1}",
                Buyers = [.. buyers[n].Select(entry => entry.Buyer)],
                Sellers = [.. powers.Select(power => new AuctionSeller { Ask = Rounded(power / 10, digits) })],
                RatesMegabitsPerSecond = [.. buyers[n].Select(entry =>
                    powers.Select(power => Rounded(Rate(power, entry.Distance, entry.Shadow), digits)).ToImmutableArray())],
            });
        }

        return new() { Markets = markets.ToImmutable() };
    }

    /// <summary>4 MHz · log2(1 + SNR), Mbit/s.</summary>
    private static double Rate(double watts, double distance, double shadow)
    {
        var kilometres = Math.Sqrt((distance * distance) + (23.5 * 23.5)) / 1000;
        var loss = 128.1 + (37.6 * Math.Log10(kilometres)) + shadow;
        var ratio = (10 * Math.Log10(1000 * Math.Max(watts, 1e-3))) + 11 - loss + 105;
        return 4 * Math.Log2(1 + Math.Pow(10, ratio / 10));
    }

    private static double Rounded(double value, int digits) => digits < 0 ? value : Math.Round(value, digits);

    private struct Vehicle
    {
        internal double X;
        internal double Y;
        internal bool Horizontal;
        internal bool Forward;
        internal double Speed;
        internal double Shadow;

        internal void Advance(ref Rng random)
        {
            Shadow = (Persistence * Shadow) + (Math.Sqrt(1 - (Persistence * Persistence)) * 8 * random.NextNormal());
            var left = Speed;
            while (left > 0)
            {
                var here = Horizontal ? X : Y;
                var forward = Forward;
                var ahead = Roads.Select(road => forward ? road - here : here - road).Select(gap => gap <= 1e-9 ? gap + Side : gap).Min();
                var travelled = Math.Min(ahead, left);
                left -= travelled;
                here = (here + (forward ? travelled : -travelled) + Side) % Side;
                (X, Y) = Horizontal ? (here, Y) : (X, here);
                if (travelled == ahead && random.NextInt(4) is var turn && turn < 2)
                {
                    // A left turn from east leads north, from north west, and so on; a right turn is the opposite.
                    (Horizontal, Forward) = (!Horizontal, (turn == 0) == (Horizontal == Forward));
                    (X, Y) = (Nearest(X), Nearest(Y));
                }
            }
        }

        private static double Nearest(double value) => Roads.MinBy(road => Math.Abs(road - value));
    }
}
