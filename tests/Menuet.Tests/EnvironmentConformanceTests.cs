using Xunit.Sdk;

namespace Menuet.Tests;

/// <summary>The conformance tests pass an environment that keeps everything and fail one that breaks one thing, by the test named for it.</summary>
public class EnvironmentConformanceTests
{
    public static TheoryData<string, string> Flaws => new()
    {
        { nameof(Flaw.Unscaled), nameof(EnvironmentConformance.RandomPlay_IsFiniteAndScaled) },
        { nameof(Flaw.RewardMissing), nameof(EnvironmentConformance.ExtremePlay_IsFiniteAndScaled) },
        { nameof(Flaw.NotClamped), nameof(EnvironmentConformance.WildPlay_IsFiniteAndScaled) },
        { nameof(Flaw.NotClamped), nameof(EnvironmentConformance.OutsideTheBounds_ActsAsAtTheBounds) },
        { nameof(Flaw.ResetKeepsEpisode), nameof(EnvironmentConformance.SameSeed_SameBits_AlsoAfterOtherPlay) },
        { nameof(Flaw.IgnoresSeed), nameof(EnvironmentConformance.AnotherSeed_AnotherPlay) },
        { nameof(Flaw.CountsRows), nameof(EnvironmentConformance.Rows_DoNotDependOnHowManyThereAre) },
        { nameof(Flaw.SeesOthers), nameof(EnvironmentConformance.Rows_DoNotDependOnWhatOthersDo) },
        { nameof(Flaw.OneDrawForAll), nameof(EnvironmentConformance.Rows_PlayDifferentDraws) },
        { nameof(Flaw.ForgetsEnds), nameof(EnvironmentConformance.Reading_GoesOnWithTheSameBits) },
        { nameof(Flaw.Allocates), nameof(EnvironmentConformance.Playing_AllocatesNothing) },
        { nameof(Flaw.RestartsAll), nameof(EnvironmentConformance.Restart_TouchesEndedEpisodesAlone) },
        { nameof(Flaw.ObservingDraws), nameof(EnvironmentConformance.Observing_ChangesNothing) },
    };

    public enum Flaw
    {
        None, Unscaled, RewardMissing, NotClamped, ResetKeepsEpisode, IgnoresSeed, CountsRows, SeesOthers, OneDrawForAll, ForgetsEnds, Allocates,
        RestartsAll, ObservingDraws,
    }

    [Theory]
    [MemberData(nameof(Flaws))]
    public void Flawed_IsFound(string flaw, string test)
    {
        var subject = new Subject(Enum.Parse<Flaw>(flaw));
        var error = Assert.ThrowsAny<Exception>(() => typeof(EnvironmentConformance).GetMethod(test)!.Invoke(subject, null));
        Assert.IsAssignableFrom<XunitException>(error.InnerException);
    }

    /// <summary>The environment that keeps everything.</summary>
    public class Flawless : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) => new Guessing(environments, Flaw.None);
    }

    private sealed class Subject(Flaw flaw) : EnvironmentConformance
    {
        protected override IEnvironment Start(int environments) => new Guessing(environments, flaw);
    }

    /// <summary>Two agents guess a number that they see; episodes are one to three turns long.</summary>
    private sealed class Guessing(int environments, Flaw flaw) : IEnvironment
    {
        private readonly long[] episodes = new long[environments];
        private readonly int[] left = new int[environments];
        private readonly double[] numbers = new double[environments];
        private readonly bool[] ended = new bool[environments];
        private ulong seed;

        public int Rows => 2 * environments;

        public int Agents => 2;

        public int ObservationSize => 2;

        public int ActionSize => 1;

        public int StateSize => 1;

        public void Reset(ulong value)
        {
            seed = flaw == Flaw.IgnoresSeed ? 0 : value;
            for (var e = 0; e < environments; e++)
            {
                episodes[e] = flaw == Flaw.ResetKeepsEpisode ? episodes[e] : 0;
                Draw(e);
            }

            ended.AsSpan().Clear();
        }

        public void Observe(Span<float> observations)
        {
            for (var e = 0; e < environments; e++)
            {
                for (var agent = 0; agent < 2; agent++)
                {
                    observations[(4 * e) + (2 * agent)] = (float)(numbers[e] * (flaw == Flaw.Unscaled ? 40 : 1));
                    observations[(4 * e) + (2 * agent) + 1] = agent;
                }

                if (flaw == Flaw.ObservingDraws)
                {
                    episodes[e]++;
                    Draw(e);
                }
            }
        }

        public void Describe(Span<float> states)
        {
            for (var e = 0; e < environments; e++)
            {
                states[e] = left[e] / 3f;
            }
        }

        public void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses)
        {
            if (flaw == Flaw.Allocates)
            {
                GC.KeepAlive(new object());
            }

            var crowd = 0f;
            for (var row = 0; row < Rows; row++)
            {
                var action = flaw == Flaw.NotClamped ? actions[row] * actions[row] : Math.Clamp(actions[row], -1, 1);
                crowd += action;
                if (!(flaw == Flaw.RewardMissing && row == 3))
                {
                    rewards[row] = (float)-Math.Abs(action - numbers[row / 2]) + (flaw == Flaw.SeesOthers ? crowd : 0) + (flaw == Flaw.CountsRows ? environments : 0);
                }
            }

            for (var e = 0; e < environments; e++)
            {
                ended[e] = --left[e] == 0;
                statuses[2 * e] = statuses[(2 * e) + 1] = ended[e] ? Status.Terminated : Status.Running;
            }
        }

        public void Restart()
        {
            for (var e = 0; e < environments; e++)
            {
                if (ended[e] || flaw == Flaw.RestartsAll)
                {
                    episodes[e]++;
                    Draw(e);
                }

                ended[e] = false;
            }
        }

        public void Write(BinaryWriter writer)
        {
            writer.Write(seed);
            for (var e = 0; e < environments; e++)
            {
                writer.Write(episodes[e]);
                writer.Write(left[e]);
                writer.Write(flaw != Flaw.ForgetsEnds && ended[e]);
            }
        }

        public void Read(BinaryReader reader)
        {
            seed = reader.ReadUInt64();
            for (var e = 0; e < environments; e++)
            {
                episodes[e] = reader.ReadInt64();
                Draw(e);
                left[e] = reader.ReadInt32();
                ended[e] = reader.ReadBoolean();
            }
        }

        private void Draw(int environment)
        {
            var rng = Rng.Stream(seed, (ulong)(flaw == Flaw.OneDrawForAll ? 0 : environment), (ulong)episodes[environment] * 2);
            numbers[environment] = (2 * rng.NextDouble()) - 1;
            left[environment] = 1 + rng.NextInt(3);
        }
    }
}
