namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Vehicles on the roads of the square, with the shadowing of their radio.</summary>
/// <remarks>
/// Roads run both ways at 125, 375, 625 and 875 m, horizontally and vertically; the square wraps around. A vehicle keeps its speed, N(25, 2.5²) m/s clipped to
/// [15, 35]; at a crossing it goes straight on with probability 1/2, left 1/4, right 1/4. Shadowing is AR(1) with the correlation exp(−25 m/50 m) a second.
/// </remarks>
/// <param name="count">How many.</param>
/// <param name="shadowing">Its standard deviation, dB.</param>
internal sealed class Vehicles(int count, double shadowing)
{
    private const int Roads = 4;
    private const double FirstRoad = 125;
    private const double Block = 250;
    private const double MeanSpeed = 25;
    private const double SpeedDeviation = 2.5;
    private const double LowestSpeed = 15;
    private const double HighestSpeed = 35;

    private static readonly double Persistence = Math.Exp(-MeanSpeed / 50);
    private static readonly double Innovation = Math.Sqrt(1 - Persistence * Persistence);

    private readonly double[] along = new double[count];
    private readonly double[] speed = new double[count];
    private readonly double[] shade = new double[count];
    private readonly byte[] road = new byte[count];
    private readonly bool[] horizontal = new bool[count];
    private readonly bool[] forward = new bool[count];

    internal double SpeedOf(int vehicle) => speed[vehicle];

    /// <summary>X, dB.</summary>
    internal double ShadowingOf(int vehicle) => shade[vehicle];

    internal bool IsHorizontal(int vehicle) => horizontal[vehicle];

    internal bool IsForward(int vehicle) => forward[vehicle];

    /// <summary>Where a vehicle is, m.</summary>
    internal (double X, double Y) PlaceOf(int vehicle)
    {
        var across = FirstRoad + Block * road[vehicle];
        return horizontal[vehicle] ? (along[vehicle], across) : (across, along[vehicle]);
    }

    /// <summary>Places some vehicles anywhere on the roads, in the state that lasts.</summary>
    internal void Place(int first, int number, ref Rng random)
    {
        for (var i = first; i < first + number; i++)
        {
            along[i] = Station.Side * random.NextDouble();
            road[i] = (byte)random.NextInt(Roads);
            horizontal[i] = random.NextInt(2) == 0;
            forward[i] = random.NextInt(2) == 0;
            speed[i] = Math.Clamp(MeanSpeed + SpeedDeviation * random.NextNormal(), LowestSpeed, HighestSpeed);
            shade[i] = shadowing * random.NextNormal();
        }
    }

    /// <summary>One second passes for some vehicles.</summary>
    internal void Move(int first, int number, ref Rng random)
    {
        for (var i = first; i < first + number; i++)
        {
            shade[i] = Persistence * shade[i] + Innovation * shadowing * random.NextNormal();
            Drive(i, ref random);
        }
    }

    private void Drive(int i, ref Rng random)
    {
        var (here, left) = (along[i], speed[i]);
        while (true)
        {
            // The crossing ahead, as a number of blocks from the first road; from a crossing itself it is the next one.
            var blocks = (here - FirstRoad) / Block;
            var crossing = forward[i] ? (int)Math.Floor(blocks) + 1 : (int)Math.Ceiling(blocks) - 1;
            var ahead = Math.Abs(FirstRoad + Block * crossing - here);
            if (left < ahead)
            {
                here += forward[i] ? left : -left;
                along[i] = here >= Station.Side ? here - Station.Side : here < 0 ? here + Station.Side : here;
                return;
            }

            left -= ahead;
            crossing &= Roads - 1;
            here = FirstRoad + Block * crossing;
            if (random.NextInt(4) is var turn and < 2)
            {
                // A left turn from east leads north, from north west, and so on; a right turn is the opposite.
                forward[i] = (turn == 0) == (horizontal[i] == forward[i]);
                horizontal[i] = !horizontal[i];
                (here, road[i]) = (FirstRoad + Block * road[i], (byte)crossing);
            }
        }
    }

    internal void Write(BinaryWriter writer)
    {
        for (var i = 0; i < count; i++)
        {
            writer.Write(along[i]);
            writer.Write(speed[i]);
            writer.Write(shade[i]);
            writer.Write(road[i]);
            writer.Write(horizontal[i]);
            writer.Write(forward[i]);
        }
    }

    internal void Read(BinaryReader reader)
    {
        for (var i = 0; i < count; i++)
        {
            along[i] = reader.ReadDouble();
            speed[i] = reader.ReadDouble();
            shade[i] = reader.ReadDouble();
            road[i] = reader.ReadByte();
            horizontal[i] = reader.ReadBoolean();
            forward[i] = reader.ReadBoolean();
        }
    }
}
