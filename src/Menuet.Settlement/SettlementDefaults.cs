namespace Menuet.Settlement;

/// <summary>What holds where nothing is said.</summary>
public static class SettlementDefaults
{
    /// <summary>Units of embedded ledgers are millionths of the model's money.</summary>
    public const int Decimals = 6;
}
