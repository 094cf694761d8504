namespace Menuet.Tests;

/// <summary>What every <see cref="IEnvironment"/> keeps; a test class of an environment inherits it, one subclass for each variant of its scenario.</summary>
public abstract class EnvironmentConformance
{
    private const ulong Seed = 7;

    /// <summary>A fresh environment, not yet reset.</summary>
    protected abstract IEnvironment Start(int environments);

    /// <summary>Turns to play; enough for an episode to end in some row.</summary>
    protected virtual int Turns => 6;

    /// <summary>Environments at play; enough to see what concerns one row alone.</summary>
    protected virtual int Environments => 12;

    /// <summary>The largest observation that passes for "about [-1, 1]".</summary>
    protected virtual float Reach => 1.5f;

    [Fact]
    public void Sizes_AreConsistent()
    {
        foreach (var environments in new[] { 1, Environments })
        {
            var environment = Start(environments);
            Assert.True(environment.Agents >= 1 && environment.ObservationSize >= 1 && environment.ActionSize >= 1 && environment.StateSize >= 0);
            Assert.Equal(environments * environment.Agents, environment.Rows);
        }
    }

    [Fact]
    public void RandomPlay_IsFiniteAndScaled() => PlaysWell(Random);

    [Fact]
    public void ExtremePlay_IsFiniteAndScaled() => PlaysWell(static (row, turn, entry) => ((row + turn + entry) % 3) - 1);

    [Fact]
    public void WildPlay_IsFiniteAndScaled() => PlaysWell(static (row, turn, entry) => Draw(row, turn, entry) switch
    {
        var u when u < 0.15 => float.MaxValue,
        var u when u < 0.3 => float.MinValue,
        var u when u < 0.45 => 1e20f,
        var u when u < 0.6 => float.Epsilon,
        var u when u < 0.75 => -0f,
        var u => (float)((4000 * u) - 3500),
    });

    [Fact]
    public void OutsideTheBounds_ActsAsAtTheBounds()
    {
        var wide = Play(Start(Environments), Seed, static (row, turn, entry) => 3 * Random(row, turn, entry));
        var clamped = Play(Start(Environments), Seed, static (row, turn, entry) => Math.Clamp(3 * Random(row, turn, entry), -1, 1));
        wide.AssertSame(clamped);
    }

    [Fact]
    public void SameSeed_SameBits_AlsoAfterOtherPlay()
    {
        var environment = Start(Environments);
        var first = Play(environment, Seed, Random);
        Play(environment, Seed + 1, static (_, _, _) => 0.5f);
        Play(environment, Seed, Random).AssertSame(first);
        Play(Start(Environments), Seed, Random).AssertSame(first);
    }

    [Fact]
    public void AnotherSeed_AnotherPlay() =>
        Assert.False(Play(Start(Environments), Seed, Random).Observations.AsSpan().SequenceEqual(Play(Start(Environments), Seed + 1, Random).Observations));

    [Fact]
    public void Rows_DoNotDependOnHowManyThereAre()
    {
        var many = Play(Start(Environments), Seed, Random);
        foreach (var environments in new[] { 1, 3, Environments - 1 })
        {
            var environment = Start(environments);
            Play(environment, Seed, Random).AssertSame(many.First(environment.Rows));
        }
    }

    [Fact]
    public void Rows_DoNotDependOnWhatOthersDo()
    {
        var environment = Start(Environments);
        var (last, agents) = ((Environments - 1) * environment.Agents, environment.Agents);
        var one = Play(environment, Seed, Random);
        var other = Play(environment, Seed, (row, turn, entry) => row < last ? -Random(row, turn, entry) : Random(row, turn, entry));
        other.Rows(last, agents).AssertSame(one.Rows(last, agents));
    }

    [Fact]
    public void Rows_PlayDifferentDraws()
    {
        var play = Play(Start(Environments), Seed, static (_, _, _) => 0.25f);
        Assert.False(play.Rows(0, play.Agents).Observations.AsSpan().SequenceEqual(play.Rows(play.Agents, play.Agents).Observations));
    }

    [Fact]
    public void Reading_GoesOnWithTheSameBits()
    {
        foreach (var beforeRestart in new[] { false, true })
        {
            var environment = Start(Environments);
            Play(environment, Seed, Random);
            if (beforeRestart)
            {
                Turn(environment, Turns, Random, new(environment, 1), 0, restart: false);
            }

            using var stream = new MemoryStream();
            using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true))
            {
                environment.Write(writer);
            }

            var size = stream.Position;
            stream.Position = 0;
            var copy = Start(Environments);
            Play(copy, Seed + 5, static (_, _, _) => 0);
            using var reader = new BinaryReader(stream);
            copy.Read(reader);
            Assert.Equal(size, stream.Position);
            if (beforeRestart)
            {
                environment.Restart();
                copy.Restart();
            }

            Continue(copy, Random).AssertSame(Continue(environment, Random));
        }
    }

    [Fact]
    public void Playing_AllocatesNothing()
    {
        var environment = Start(Environments);
        var record = new Record(environment, 1);
        environment.Reset(Seed);
        Repeat(Turns);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(3 * Turns);
        environment.Reset(Seed + 1);
        Repeat(Turns);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Repeat(int turns)
        {
            for (var turn = 0; turn < turns; turn++)
            {
                Turn(environment, turn, Random, record, 0, restart: true);
            }
        }
    }

    [Fact]
    public void Restart_TouchesEndedEpisodesAlone()
    {
        var environment = Start(Environments);
        environment.Reset(Seed);
        var before = new float[environment.Rows * environment.ObservationSize];
        var after = new float[before.Length];
        var record = new Record(environment, 1);
        var (ended, renewed) = (0, 0);
        for (var turn = 0; turn < Turns; turn++)
        {
            Turn(environment, turn, Random, record, 0, restart: false);
            environment.Observe(before);
            environment.Restart();
            environment.Observe(after);
            for (var row = 0; row < environment.Rows; row++)
            {
                var same = before.AsSpan(row * environment.ObservationSize, environment.ObservationSize)
                    .SequenceEqual(after.AsSpan(row * environment.ObservationSize, environment.ObservationSize));
                Assert.Equal(record.Statuses[row - (row % environment.Agents)], record.Statuses[row]);
                if (record.Statuses[row] == Status.Running)
                {
                    Assert.True(same, $"row {row} was running and changed");
                }
                else
                {
                    ended++;
                    renewed += same ? 0 : 1;
                }
            }
        }

        Assert.True(ended > 0, $"no episode ended in {Turns} turns");
        Assert.True(renewed > 0, "no ended episode began anew");
    }

    [Fact]
    public void Observing_ChangesNothing()
    {
        var environment = Start(Environments);
        environment.Reset(Seed);
        var first = new float[environment.Rows * environment.ObservationSize];
        var second = new float[first.Length];
        var state = new float[environment.Rows / environment.Agents * environment.StateSize];
        environment.Observe(first);
        environment.Describe(state);
        environment.Observe(second);
        Assert.Equal(first, second);
    }

    /// <summary>An action entry in [-1, 1] that depends on its row, turn and place alone.</summary>
    protected static float Random(int row, int turn, int entry) => (float)((2 * Draw(row, turn, entry)) - 1);

    private static double Draw(int row, int turn, int entry) => Rng.Stream(99, (ulong)row, (ulong)((turn * 64) + entry)).NextDouble();

    private void PlaysWell(Func<int, int, int, float> act)
    {
        var play = Play(Start(Environments), Seed, act);
        Assert.All(play.Observations, value => Assert.InRange(value, -Reach, Reach));
        Assert.All(play.States, value => Assert.InRange(value, -Reach, Reach));
        Assert.All(play.Rewards, reward => Assert.True(float.IsFinite(reward)));
        Assert.All(play.Statuses, status => Assert.True(status <= Status.Truncated));
    }

    private Record Play(IEnvironment environment, ulong seed, Func<int, int, int, float> act)
    {
        environment.Reset(seed);
        return Continue(environment, act);
    }

    private Record Continue(IEnvironment environment, Func<int, int, int, float> act)
    {
        var record = new Record(environment, Turns);
        for (var turn = 0; turn < Turns; turn++)
        {
            Turn(environment, turn, act, record, turn, restart: true);
        }

        return record;
    }

    /// <summary>One turn, noted at a place of the record.</summary>
    private static void Turn(IEnvironment environment, int turn, Func<int, int, int, float> act, Record record, int place, bool restart)
    {
        environment.Observe(Part(record.Observations, environment.Rows * environment.ObservationSize));
        environment.Describe(Part(record.States, environment.Rows / environment.Agents * environment.StateSize));
        for (var row = 0; row < environment.Rows; row++)
        {
            for (var entry = 0; entry < environment.ActionSize; entry++)
            {
                record.Actions[(row * environment.ActionSize) + entry] = act(row, turn, entry);
            }
        }

        // What is not overwritten shows.
        Part(record.Rewards, environment.Rows).Fill(float.NaN);
        Part(record.Statuses, environment.Rows).Fill((Status)255);
        environment.Advance(record.Actions, Part(record.Rewards, environment.Rows), Part(record.Statuses, environment.Rows));
        if (restart)
        {
            environment.Restart();
        }

        Span<T> Part<T>(T[] buffer, int count) => buffer.AsSpan(place * count, count);
    }

    /// <summary>What was seen and earned, turn after turn.</summary>
    private sealed class Record(int rows, int agents, int observationSize, int actionSize, int stateSize, int turns)
    {
        internal Record(IEnvironment environment, int turns)
            : this(environment.Rows, environment.Agents, environment.ObservationSize, environment.ActionSize, environment.StateSize, turns)
        {
        }

        internal int Agents => agents;

        internal float[] Observations { get; } = new float[turns * rows * observationSize];

        internal float[] States { get; } = new float[turns * rows / agents * stateSize];

        internal float[] Actions { get; } = new float[rows * actionSize];

        internal float[] Rewards { get; } = new float[turns * rows];

        internal Status[] Statuses { get; } = new Status[turns * rows];

        internal Record First(int count) => Rows(0, count);

        /// <summary>What concerns some rows alone.</summary>
        internal Record Rows(int first, int count)
        {
            var part = new Record(count, agents, observationSize, actionSize, stateSize, turns);
            for (var turn = 0; turn < turns; turn++)
            {
                Copy(Observations, part.Observations, rows, count, first, observationSize, turn);
                Copy(States, part.States, rows / agents, count / agents, first / agents, stateSize, turn);
                Copy(Rewards, part.Rewards, rows, count, first, 1, turn);
                Copy(Statuses, part.Statuses, rows, count, first, 1, turn);
            }

            return part;

            static void Copy<T>(T[] from, T[] to, int rows, int count, int first, int width, int turn) =>
                from.AsSpan(((turn * rows) + first) * width, count * width).CopyTo(to.AsSpan(turn * count * width));
        }

        internal void AssertSame(Record other)
        {
            Assert.Equal(Bits(other.Observations), Bits(Observations));
            Assert.Equal(Bits(other.States), Bits(States));
            Assert.Equal(Bits(other.Rewards), Bits(Rewards));
            Assert.Equal(other.Statuses, Statuses);

            static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
        }
    }
}
