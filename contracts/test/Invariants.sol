// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RewardDistributor} from "../RewardDistributor.sol";
import {Dust} from "./Adversaries.sol";

/// @notice A payee whose account acts as it is told.
contract Puppet {
    bool public refuses;

    function act(address target, bytes calldata data) external returns (bool done) {
        (done,) = target.call(data);
    }

    function setRefuses(bool on) external {
        refuses = on;
    }

    receive() external payable {
        require(!refuses);
    }
}

/// @notice Plays random calls against a distributor beside books of its own, which say of every call whether it must succeed, and
/// of every sum what it must be. A run is one call that nobody needs to send: thousands are played without a block.
contract Invariants {
    uint256 private constant PAYEES = 4;
    uint256 private constant ROUNDS = 6;
    uint256 private constant ITEMS = 3;

    RewardDistributor private distributor;
    Puppet[PAYEES] private puppets;
    uint256[] private qualities;
    uint256[] private rewards;
    bytes32 private menu;

    // The books. A round: 0 none, 1 filling, 2 open, 3 Merkle, 4 cancelled.
    uint256[ROUNDS] private state;
    uint256[ROUNDS] private total;
    uint256[ROUNDS] private credited;
    uint256[ROUNDS] private taken;
    bool[PAYEES][ROUNDS] private has;
    uint256[PAYEES][ROUNDS] private owed;
    uint256[PAYEES][ROUNDS] private itemOf;
    bool[PAYEES][ROUNDS] private paid;
    uint256[PAYEES] private received;
    uint256 private deposited;
    uint256 private withdrawn;
    uint256 private surplus;
    bool private paused;
    uint256 private random;

    error Broken(string what, uint256 step, uint256 expected, uint256 found);

    constructor() payable {}

    /// @return succeeded how many of the calls succeeded, so that a run of mere refusals is seen
    function run(uint256 seed, uint256 steps) external returns (uint256 succeeded) {
        random = seed;
        distributor = new RewardDistributor();
        uint256[] memory ids = new uint256[](PAYEES);
        address[] memory payees = new address[](PAYEES);
        for (uint256 i = 0; i < PAYEES; ++i) {
            puppets[i] = new Puppet();
            (ids[i], payees[i]) = (i, address(puppets[i]));
        }
        distributor.setAddresses(ids, payees);
        for (uint256 i = 0; i < ITEMS; ++i) {
            qualities.push(draw(5));
            rewards.push(1 + draw(9));
        }
        distributor.commitMenu(qualities, rewards);
        menu = distributor.menuHash(qualities, rewards);
        for (uint256 step = 0; step < steps; ++step) {
            if (play(step)) ++succeeded;
            check(step);
        }
    }

    function play(uint256 step) private returns (bool done) {
        uint256 r = draw(ROUNDS);
        uint256 p = draw(PAYEES);
        uint256 kind = draw(14);
        bool must;
        if (kind == 0) {
            uint256 amount = draw(60);
            (done,) = address(distributor).call{value: amount}("");
            must = true;
            deposited += amount;
        } else if (kind == 1) {
            uint256 dust = draw(3);
            new Dust{value: dust}(payable(address(distributor)));
            deposited += dust;
            return true;
        } else if (kind <= 4) {
            (done, must) = distribute(r);
        } else if (kind == 5) {
            (done, must) = open(r);
        } else if (kind == 6) {
            (done, must) = credit(r, p);
        } else if (kind <= 9) {
            (done, must) = withdraw(r, p);
        } else if (kind == 10) {
            (done, must) = claim(r, p);
        } else if (kind == 11) {
            (done,) = address(distributor).call(abi.encodeCall(distributor.cancelRound, (round(r))));
            must = state[r] != 0 && state[r] != 4 && taken[r] == 0;
            if (must) state[r] = 4;
        } else if (kind == 12) {
            uint256 amount = draw(30);
            must = amount <= free();
            (done,) = address(distributor).call(abi.encodeCall(distributor.takeSurplus, (payable(address(0xdead)), amount)));
            if (must) surplus += amount;
        } else if (draw(2) == 0) {
            paused = draw(3) == 0;
            distributor.setPaused(paused);
            return true;
        } else {
            puppets[p].setRefuses(draw(2) == 0);
            return true;
        }
        if (done != must) revert Broken("success of a call of this kind", step, kind, done ? 1 : 0);
    }

    /// @dev Two payees at once, sometimes with a total that is off by one, sometimes the same payee twice.
    function distribute(uint256 r) private returns (bool done, bool must) {
        uint256[] memory ids = new uint256[](2);
        uint256[] memory items = new uint256[](2);
        uint256[] memory evaluations = new uint256[](2);
        (ids[0], ids[1]) = (draw(PAYEES), draw(PAYEES));
        (items[0], items[1]) = (draw(ITEMS), draw(ITEMS));
        (evaluations[0], evaluations[1]) = (1 + draw(5), 1 + draw(5));
        uint256 sum = rewards[items[0]] + rewards[items[1]];
        uint256 asked = draw(6) == 0 ? sum + 1 - 2 * draw(2) : sum;
        must = !paused && state[r] == 0 && asked == sum && sum <= free() && ids[0] != ids[1]
            && evaluations[0] >= qualities[items[0]] && evaluations[1] >= qualities[items[1]];
        (done,) = address(distributor).call(
            abi.encodeCall(distributor.distribute, (round(r), bytes32(0), asked, qualities, rewards, ids, items, evaluations))
        );
        if (must) {
            (state[r], total[r], credited[r]) = (2, sum, sum);
            for (uint256 i = 0; i < 2; ++i) (has[r][ids[i]], owed[r][ids[i]]) = (true, rewards[items[i]]);
        }
    }

    /// @dev A round to fill, or a Merkle round whose tree has one leaf for payee 0.
    function open(uint256 r) private returns (bool done, bool must) {
        bool merkle = draw(2) == 0;
        uint256 item = draw(ITEMS);
        uint256 amount = merkle ? rewards[item] : draw(20);
        must = !paused && state[r] == 0 && amount != 0 && amount <= free();
        if (merkle) {
            bytes32 root = distributor.leaf(round(r), 0, address(puppets[0]), item, 7, rewards[item]);
            (done,) = address(distributor).call(abi.encodeCall(distributor.openMerkleRound, (round(r), menu, root, amount)));
        } else {
            (done,) = address(distributor).call(abi.encodeCall(distributor.openRound, (round(r), menu, bytes32(0), amount)));
        }
        if (must) {
            (state[r], total[r]) = (merkle ? 3 : 1, amount);
            if (merkle) (has[r][0], owed[r][0], itemOf[r][0]) = (true, rewards[item], item);
        }
    }

    function credit(uint256 r, uint256 p) private returns (bool done, bool must) {
        uint256[] memory ids = new uint256[](1);
        uint256[] memory items = new uint256[](1);
        uint256[] memory evaluations = new uint256[](1);
        (ids[0], items[0], evaluations[0]) = (p, draw(ITEMS), 9);
        uint256 reward = rewards[items[0]];
        must = !paused && state[r] == 1 && !has[r][p] && credited[r] + reward <= total[r];
        (done,) = address(distributor).call(abi.encodeCall(distributor.credit, (round(r), qualities, rewards, ids, items, evaluations)));
        if (must) {
            (has[r][p], owed[r][p]) = (true, reward);
            credited[r] += reward;
            if (credited[r] == total[r]) state[r] = 2;
        }
    }

    /// @dev One or two rounds; sometimes the same twice, sometimes somebody else's id.
    function withdraw(uint256 r, uint256 p) private returns (bool done, bool must) {
        uint256 other = draw(ROUNDS);
        uint256 caller = draw(8) == 0 ? draw(PAYEES) : p;
        bytes32[] memory names = new bytes32[](1 + draw(2));
        names[0] = round(r);
        if (names.length == 2) names[1] = round(other);
        must = !paused && caller == p && !puppets[p].refuses() && state[r] == 2 && has[r][p] && !paid[r][p];
        if (names.length == 2) must = must && other != r && state[other] == 2 && has[other][p] && !paid[other][p];
        done = puppets[caller].act(address(distributor), abi.encodeCall(distributor.withdraw, (p, names)));
        if (must) {
            pay(r, p);
            if (names.length == 2) pay(other, p);
        }
    }

    function claim(uint256 r, uint256 p) private returns (bool done, bool must) {
        uint256 reward = draw(5) == 0 ? owed[r][p] + 1 : owed[r][p];
        must = !paused && p == 0 && state[r] == 3 && !paid[r][0] && reward == owed[r][0] && !puppets[0].refuses();
        done = puppets[p].act(
            address(distributor), abi.encodeCall(distributor.claim, (round(r), p, itemOf[r][p], 7, reward, new bytes32[](0)))
        );
        if (must) pay(r, 0);
    }

    function pay(uint256 r, uint256 p) private {
        paid[r][p] = true;
        taken[r] += owed[r][p];
        received[p] += owed[r][p];
        withdrawn += owed[r][p];
    }

    function check(uint256 step) private view {
        uint256 reserve = 0;
        for (uint256 r = 0; r < ROUNDS; ++r) {
            if (state[r] != 0 && state[r] != 4) reserve += total[r] - taken[r];
            (RewardDistributor.State s,,, uint256 t, uint256 c, uint256 w) = distributor.roundOf(round(r));
            same("state of a round", step, state[r], uint256(s));
            same("total of a round", step, total[r], t);
            same("credits of a round", step, credited[r], c);
            same("withdrawals of a round", step, taken[r], w);
        }
        same("deposited less withdrawn", step, deposited - withdrawn - surplus, address(distributor).balance);
        same("reserve", step, reserve, distributor.reserved());
        if (reserve > address(distributor).balance) revert Broken("cover", step, reserve, address(distributor).balance);
        for (uint256 p = 0; p < PAYEES; ++p) same("a payee's money", step, received[p], address(puppets[p]).balance);
    }

    function same(string memory what, uint256 step, uint256 expected, uint256 found) private pure {
        if (expected != found) revert Broken(what, step, expected, found);
    }

    function free() private view returns (uint256 left) {
        left = deposited - withdrawn - surplus;
        for (uint256 r = 0; r < ROUNDS; ++r) if (state[r] != 0 && state[r] != 4) left -= total[r] - taken[r];
    }

    function round(uint256 r) private pure returns (bytes32) {
        return bytes32(r + 1);
    }

    function draw(uint256 below) private returns (uint256) {
        random = uint256(keccak256(abi.encode(random)));
        return random % below;
    }
}
