-- Say whether a call to GitHub may go out: not while a window is closed, not beyond the budget per
-- minute, and a write not before its turn, which is reserved here. One statement for each call, so
-- that no process of the rig can miss what another one was told.
CREATE OR REPLACE FUNCTION rig_admit_call(
    p_identity text, p_resource text, p_points double precision, p_budget double precision,
    p_interval double precision)
RETURNS TABLE (closed double precision, lacking double precision, pause double precision,
               after_pauses integer)
LANGUAGE plpgsql
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_closed double precision;
    v_row rate_budgets;
    v_spent double precision;
    v_due timestamptz;
BEGIN
    SELECT extract(epoch FROM max(w.closed_until) - v_now) INTO v_closed FROM rate_windows AS w
     WHERE w.identity = p_identity AND w.scope IN (p_resource, '*');
    IF v_closed > 0 OR (p_budget IS NULL AND p_interval <= 0) THEN
        RETURN QUERY SELECT greatest(coalesce(v_closed, 0), 0), 0::float8, 0::float8,
            coalesce((SELECT b.pauses FROM rate_budgets AS b WHERE b.identity = p_identity), 0);
        RETURN;
    END IF;
    SELECT * INTO v_row FROM rate_budgets AS b WHERE b.identity = p_identity FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO rate_budgets (identity) VALUES (p_identity) ON CONFLICT DO NOTHING;
        SELECT * INTO v_row FROM rate_budgets AS b WHERE b.identity = p_identity FOR UPDATE;
    END IF;
    v_now := clock_timestamp();
    v_spent := v_row.points;
    IF p_budget IS NOT NULL THEN
        v_spent := greatest(0, v_spent - p_budget / 60
                   * extract(epoch FROM v_now - coalesce(v_row.counted_at, v_now)));
        IF v_spent + p_points > p_budget THEN
            RETURN QUERY SELECT 0::float8, (v_spent + p_points - p_budget) * 60 / p_budget,
                                0::float8, v_row.pauses;
            RETURN;
        END IF;
        v_spent := v_spent + p_points;
    END IF;
    v_due := v_row.written_at;
    IF p_interval > 0 THEN
        v_due := greatest(v_now, v_row.written_at + make_interval(secs => p_interval));
    END IF;
    UPDATE rate_budgets AS b SET points = v_spent, counted_at = v_now, written_at = v_due
     WHERE b.identity = p_identity;
    RETURN QUERY SELECT 0::float8, 0::float8,
        CASE WHEN p_interval > 0 THEN greatest(0, extract(epoch FROM v_due - v_now))::float8
             ELSE 0 END, v_row.pauses;
END
$$;
